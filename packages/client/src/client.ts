import type { Api } from "./api.ts";
import { Auth, type Credentials } from "./auth/auth.ts";
import { defaultStore } from "./auth/token-store.ts";
import type { ClientOptions } from "./client-options.ts";
import { makeRealtime } from "./make-realtime.ts";
import type { RecordModel } from "./realtime/events.ts";
import type { Realtime } from "./realtime/realtime.ts";
import { Batch } from "./records/batch.ts";
import { Collection } from "./records/collection.ts";
import { Files } from "./records/files.ts";
import type { AnySchema, SchemaOf } from "./schema.ts";

/** A server, and who is signed in to it. */
export class Client<Schema extends SchemaOf<Schema> = AnySchema> {
  readonly auth: Auth;
  readonly files: Files;
  readonly #api: Api;
  readonly #realtime: Realtime;

  constructor(url: string, options: ClientOptions = {}) {
    const { store = defaultStore(), autoRefresh = true } = options;
    const { api, identity, realtime } = makeRealtime(url, options, (http) => new Auth({ http, store, autoRefresh }));
    this.auth = identity;
    this.files = new Files(api);
    this.#api = api;
    this.#realtime = realtime;
  }

  /** Signs in, by the name and password of a record of `collection` (`users` unless told otherwise). */
  authenticate(identity: string, password: string, credentials?: Credentials): Promise<RecordModel> {
    return this.auth.signIn(identity, password, credentials);
  }

  collection<Name extends keyof Schema & string>(name: Name): Collection<Schema[Name]> {
    return new Collection<Schema[Name]>(name, this.#api, this.#realtime);
  }

  /** Writes that happen together or not at all. */
  batch(): Batch<Schema> {
    return new Batch<Schema>(this.#api);
  }

  /** The one connection of this client, for all that its subscriptions say. */
  realtime(): Realtime<Schema> {
    // The schema is a claim of the caller's, and nothing that a Realtime holds.
    return this.#realtime as unknown as Realtime<Schema>;
  }

  /** Ends all that goes on: subscriptions, the connection, the refreshing of the token. */
  close(): void {
    this.#realtime.close();
    this.auth.close();
  }
}

/** @typeParam Schema what `headwater types` has written; without it collections and fields are any */
export const createClient = <Schema extends SchemaOf<Schema> = AnySchema>(
  url: string,
  options?: ClientOptions,
): Client<Schema> => new Client<Schema>(url, options);
