import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import type { Values } from "./rules.ts";
import { within } from "./within.ts";

export interface Reply {
  readonly status: number;
  readonly body: Values;
}

/** Writes records over one connection, one after the other, as fast as they are answered. */
export class Writer implements Disposable {
  readonly #connection: RawConnection;

  private constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<Writer> {
    return new Writer(await within(RawConnection.open(url), "a writer connects"));
  }

  /** @returns the new record's id; undefined when the server went away before it answered */
  async create(collection: string, values: Values): Promise<string | undefined> {
    const answer = await this.call("POST", `${collection}/records`, values);
    if (answer && answer.status !== 200) throw new Error(`a create was refused: ${JSON.stringify(answer)}`);
    return answer?.body["id"] as string | undefined;
  }

  /** @returns whether the record was there; undefined when the server went away before it answered */
  async update(collection: string, id: string, values: Values): Promise<boolean | undefined> {
    return this.#change("PATCH", `${collection}/records/${id}`, values);
  }

  /** As `update`. */
  async remove(collection: string, id: string): Promise<boolean | undefined> {
    return this.#change("DELETE", `${collection}/records/${id}`, undefined);
  }

  async call(method: string, path: string, body: unknown, token?: string): Promise<Reply | undefined> {
    this.#connection.send(
      method,
      `/api/collections/${path}`,
      body,
      token === undefined ? {} : { authorization: token },
    );
    const response = await within(this.#connection.response(), `${method} ${path} is answered`, 60_000);
    return response && { status: response.status, body: response.body === "" ? {} : JSON.parse(response.body) };
  }

  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #change(method: string, path: string, values: Values | undefined): Promise<boolean | undefined> {
    const answer = await this.call(method, path, values);
    if (answer === undefined || answer.status < 300) return answer && true;
    if (answer.status === 404) return false;
    throw new Error(`a ${method} was refused: ${JSON.stringify(answer)}`);
  }
}
