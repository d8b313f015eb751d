import { Client, type ClientOptions, memoryStore } from "@headwater/client";
import { check } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import { type Model, Rest, type SignedIn } from "./rest.ts";

export interface PocketBaseTarget {
  readonly url: string;
  readonly superuser: { readonly email: string; readonly password: string } | { readonly token: string };
  /** How often a quiet stream is promised a sign of life, in milliseconds. */
  readonly heartbeatMs?: number;
  /** Streams that may be open at once: browsers hold six connections to a server. */
  readonly connections?: number;
}

/** The collections that are made for the cases; their names are of one run only. */
export interface Names {
  /** Anyone may listen. */
  readonly open: string;
  /** Superusers may. */
  readonly secret: string;
  /** Whoever is signed in may. */
  readonly members: string;
  /** Everyone may, to records whose `owner` they are. */
  readonly own: string;
  /** Those who sign in. */
  readonly users: string;
}

export interface PocketBaseWorld {
  readonly url: string;
  readonly heartbeatMs: number;
  readonly connections: number;
  /** A superuser. */
  readonly root: Rest;
  readonly guest: Rest;
  readonly names: Names;
  /** A new user, signed in. */
  readonly user: () => Promise<SignedIn & { readonly email: string }>;
  /** A client of packages/client, closed with the case. */
  readonly client: (scope: Scope, options?: ClientOptions) => Client;
}

export const PASSWORD = "conformance-1234";
const HEARTBEAT_MS = 20_000;
/** More would ask for more than the file descriptors that a process may have by default. */
const CONNECTIONS = 100;

export async function openWorld(target: PocketBaseTarget, scope: Scope): Promise<PocketBaseWorld> {
  const url = target.url.replace(/\/+$/, "");
  const guest = new Rest(url);
  const { superuser } = target;
  const { token } =
    "token" in superuser ? superuser : await guest.signIn("_superusers", superuser.email, superuser.password);
  const root = guest.as(token);
  const run = randomText();
  const names = await createCollections(root, `conformance_${run}`, scope);
  let count = 0;
  return {
    url,
    guest,
    root,
    names,
    heartbeatMs: target.heartbeatMs ?? HEARTBEAT_MS,
    connections: target.connections ?? CONNECTIONS,
    async user() {
      count += 1;
      const address = `user${count}-${run}@example.com`;
      await root.create(names.users, { email: address, password: PASSWORD, passwordConfirm: PASSWORD, verified: true });
      return { ...(await guest.signIn(names.users, address, PASSWORD)), email: address };
    },
    client(at, options) {
      const limits = { minMs: 50, baseMs: 100, maxMs: 2_000, ...options?.limits };
      // Each client is to have a stream of its own, in a browser too.
      // Each client is to have a stream of its own, in a browser too.
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

async function createCollections(root: Rest, prefix: string, scope: Scope): Promise<Names> {
  const create = async (name: string, definition: Readonly<Record<string, unknown>>): Promise<string> => {
    const made = await root.ok<Model>("POST", "/api/collections", { name: `${prefix}_${name}`, ...definition });
    scope.defer(() => root.ok("DELETE", `/api/collections/${made.id}`));
    check(made["name"] === `${prefix}_${name}`, `a collection was made with the name ${String(made["name"])}`);
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
