import { Client, type ClientOptions, memoryStore } from "@headwater/client";
import { check } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { type ApiModel, ApiClient, type AuthResponse } from "./api-client.ts";

export interface PocketBaseTarget {
  readonly url: string;
  readonly superuser: { readonly email: string; readonly password: string } | { readonly token: string };
  /** Streams that may be open at once. Default 100; browsers open at most six connections to a server. */
  readonly connections?: number;
}

/** Names of the collections that the cases use, unique to one run. */
export interface CollectionNames {
  /** Anyone may list. */
  readonly open: string;
  /** Only superusers may list. */
  readonly secret: string;
  /** Signed-in users may list. */
  readonly members: string;
  /** Users may list records that have them as `owner`. */
  readonly own: string;
  /** The auth collection of the test users. */
  readonly users: string;
}

export interface PocketBaseContext {
  readonly url: string;
  readonly connections: number;
  /** Authenticated as the superuser. */
  readonly superuser: ApiClient;
  readonly guest: ApiClient;
  readonly names: CollectionNames;
  /** Creates a user and signs it in. */
  readonly user: () => Promise<AuthResponse & { readonly email: string }>;
  /** A client of `@headwater/client`, closed when the case ends. */
  readonly client: (scope: Scope, options?: ClientOptions) => Client;
}

export const PASSWORD = "conformance-1234";
/** More could exceed the default limit of open files per process. */
const CONNECTIONS = 100;

export async function openContext(target: PocketBaseTarget, scope: Scope): Promise<PocketBaseContext> {
  const url = target.url.replace(/\/+$/, "");
  const guest = new ApiClient(url);
  const account = target.superuser;
  const { token } = "token" in account ? account : await guest.signIn("_superusers", account.email, account.password);
  const superuser = guest.withToken(token);
  const run = randomText();
  const names = await createCollections(superuser, `conformance_${run}`, scope);
  let count = 0;
  return {
    url,
    guest,
    superuser,
    names,
    connections: target.connections ?? CONNECTIONS,
    async user() {
      count += 1;
      const address = `user${count}-${run}@example.com`;
      await superuser.create(names.users, {
        email: address,
        password: PASSWORD,
        passwordConfirm: PASSWORD,
        verified: true,
      });
      return { ...(await guest.signIn(names.users, address, PASSWORD)), email: address };
    },
    client(at, options) {
      const limits = { minMs: 50, baseMs: 100, maxMs: 2_000, ...options?.limits };
      // Each client has its own stream, in a browser too.
      const client = new Client(url, { store: memoryStore(), shareTabs: false, transport: "sse", ...options, limits });
      at.defer(() => client.close());
      client.realtime().monitor((event) => at.log.add("client", event.kind, JSON.stringify(event)));
      return client;
    },
  };
}

const FIELDS = [
  { name: "title", type: "text" },
  { name: "n", type: "number" },
  { name: "owner", type: "text" },
  { name: "created", type: "autodate", onCreate: true },
] as const;

const MEMBERS = '@request.auth.id != ""';
const OWN = '@request.auth.id != "" && owner = @request.auth.id';

async function createCollections(superuser: ApiClient, prefix: string, scope: Scope): Promise<CollectionNames> {
  const create = async (name: string, definition: Readonly<Record<string, unknown>>): Promise<string> => {
    const made = await superuser.requestOk<ApiModel>("POST", "/api/collections", {
      name: `${prefix}_${name}`,
      ...definition,
    });
    scope.defer(() => superuser.requestOk("DELETE", `/api/collections/${made.id}`));
    check(
      made["name"] === `${prefix}_${name}`,
      `the server created a collection named ${String(made["name"])} instead of ${prefix}_${name}`,
    );
    return `${prefix}_${name}`;
  };
  const base = (name: string, rule: string | null): Promise<string> =>
    create(name, { type: "base", listRule: rule, viewRule: rule, fields: FIELDS });
  return {
    open: await base("open", ""),
    secret: await base("secret", null),
    members: await base("members", MEMBERS),
    own: await base("own", OWN),
    users: await create("users", { type: "auth", authAlert: { enabled: false } }),
  };
}

const randomText = (): string => Math.random().toString(36).slice(2, 10);
