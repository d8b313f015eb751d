import type { Api } from "../api.ts";
import { HeadwaterError } from "../errors.ts";
import { recordsPath } from "./records-endpoint.ts";
import type { CollectionTypes, SchemaOf } from "../schema.ts";
import { splitFiles } from "./body.ts";
import { type LooseViewOptions, viewQuery, type ViewOptions, writeHeaders, type WriteOptions } from "./list.ts";

interface BatchRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly values: object;
}

/** The result of one request of a batch: the record, or `undefined` for a deletion. */
export type BatchResult = Readonly<Record<string, unknown>> | undefined;

/** Writes that all succeed or all fail. A superuser has to enable batches in the settings of the server. */
export class Batch<Schema extends SchemaOf<Schema>> {
  readonly #api: Api;
  readonly #requests: BatchRequest[] = [];

  constructor(api: Api) {
    this.#api = api;
  }

  collection<Name extends keyof Schema & string>(name: Name): BatchCollection<Schema[Name]> {
    return new BatchCollection<Schema[Name]>(name, (method, path, values, options) => {
      const headers = writeHeaders(options) ?? {};
      this.#requests.push({ method, url: this.#api.http.path(path, viewQuery(options)), headers, values });
    });
  }

  /**
   * Sends the batch.
   *
   * @returns the result of each request, in order
   * @throws HeadwaterError `invalid` if one fails: `data.requests` says which. Then none of them takes effect
   */
  async send(options: { readonly signal?: AbortSignal } = {}): Promise<readonly BatchResult[]> {
    const { body } = await this.#api.request("POST", "/api/batch", { body: this.#body(), ...options });
    if (!Array.isArray(body)) throw new HeadwaterError("malformed", "the response to a batch is not an array");
    return (body as readonly { readonly body?: BatchResult | null }[]).map((result) => result.body ?? undefined);
  }

  #body(): unknown {
    const parts = this.#requests.map(({ values, ...request }) => ({ request, ...splitFiles(values) }));
    const requests = parts.map(({ request, rest }) => ({ ...request, body: rest }));
    if (parts.every(({ files }) => files.length === 0)) return { requests };
    const form = new FormData();
    form.append("@jsonPayload", JSON.stringify({ requests }));
    for (const [i, { files }] of parts.entries())
      for (const [name, item] of files) form.append(`requests.${i}.${name}`, item);
    return form;
  }
}

type Write = (method: string, path: string, values: object, options: LooseViewOptions) => void;

/** One collection's part of a batch. */
export class BatchCollection<Types extends CollectionTypes> {
  readonly #path: string;
  readonly #write: Write;

  constructor(name: string, write: Write) {
    this.#path = recordsPath(name);
    this.#write = write;
  }

  create(values: Types["create"], options: ViewOptions<Types["record"]> = {}): void {
    this.#write("POST", this.#path, values, options);
  }

  /** Updates the record with the given `id`, or creates it. */
  upsert(values: Types["create"] & { readonly id: string }, options: ViewOptions<Types["record"]> = {}): void {
    this.#write("PUT", this.#path, values, options);
  }

  update(id: string, values: Types["update"], options: WriteOptions<Types["record"]> = {}): void {
    this.#write("PATCH", `${this.#path}/${encodeURIComponent(id)}`, values, options);
  }

  delete(id: string, { ifMatch }: Pick<WriteOptions, "ifMatch"> = {}): void {
    this.#write("DELETE", `${this.#path}/${encodeURIComponent(id)}`, {}, { ifMatch });
  }
}
