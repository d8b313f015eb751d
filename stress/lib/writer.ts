import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import type { Values } from "./rules.ts";
import { within } from "./within.ts";

export interface Reply {
  readonly status: number;
  readonly body: Values;
}

/** Writes records over one connection, one request at a time. */
export class Writer implements Disposable {
  readonly #connection: RawConnection;

  private constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<Writer> {
    return new Writer(await within(RawConnection.open(url), "a writer connects"));
  }

  /** @returns the new record's id; undefined if the server went down before it answered */
  async create(collection: string, values: Values): Promise<string | undefined> {
    const reply = await this.call("POST", `${collection}/records`, values);
    if (reply && reply.status !== 200) throw new Error(`a create failed: ${JSON.stringify(reply)}`);
    return reply?.body["id"] as string | undefined;
  }

  /** @returns whether the record existed; undefined if the server went down before it answered */
  async update(collection: string, id: string, values: Values): Promise<boolean | undefined> {
    return this.#change("PATCH", `${collection}/records/${id}`, values);
  }

  /** Deletes a record. Returns like `update`. */
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
    const reply = await this.call(method, path, values);
    if (reply === undefined || reply.status < 300) return reply && true;
    if (reply.status === 404) return false;
    throw new Error(`a ${method} failed: ${JSON.stringify(reply)}`);
  }
}
