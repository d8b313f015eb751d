import type { Api } from "./api.ts";
import { Auth, type Credentials } from "./auth/auth.ts";
import { defaultStore } from "./auth/token-store.ts";
import type { ClientOptions } from "./client-options.ts";
import { createRealtime } from "./create-realtime.ts";
import type { RecordModel } from "./realtime/events.ts";
import type { Realtime } from "./realtime/realtime.ts";
import { Batch } from "./records/batch.ts";
import { Collection } from "./records/collection.ts";
import { Files } from "./records/files.ts";
import type { AnySchema, SchemaOf } from "./schema.ts";

/** The client of one server, with at most one signed-in user. */
export class Client<Schema extends SchemaOf<Schema> = AnySchema> {
  readonly auth: Auth;
  readonly files: Files;
  readonly #api: Api;
  readonly #realtime: Realtime;

  constructor(url: string, options: ClientOptions = {}) {
    const { store = defaultStore(), autoRefresh = true } = options;
    const { api, identity, realtime } = createRealtime(url, options, (http) => new Auth({ http, store, autoRefresh }));
    this.auth = identity;
    this.files = new Files(api);
    this.#api = api;
    this.#realtime = realtime;
  }

  /** Signs in with a record's name or email and password. `credentials.collection` defaults to `users`. */
  authenticate(identity: string, password: string, credentials?: Credentials): Promise<RecordModel> {
    return this.auth.signIn(identity, password, credentials);
  }

  collection<Name extends keyof Schema & string>(name: Name): Collection<Schema[Name]> {
    return new Collection<Schema[Name]>(name, this.#api, this.#realtime);
  }

  /** Starts a batch of writes that all succeed or all fail. */
  batch(): Batch<Schema> {
    return new Batch<Schema>(this.#api);
  }

  /** The client's realtime connection and its subscriptions. */
  realtime(): Realtime<Schema> {
    // The schema exists only as a type.
    return this.#realtime as unknown as Realtime<Schema>;
  }

  /** Ends all subscriptions, the connection and the token refresh. */
  close(): void {
    this.#realtime.close();
    this.auth.close();
  }
}

/** @typeParam Schema the output of `headwater types`; without it, collections and fields are untyped */
export const createClient = <Schema extends SchemaOf<Schema> = AnySchema>(
  url: string,
  options?: ClientOptions,
): Client<Schema> => new Client<Schema>(url, options);
