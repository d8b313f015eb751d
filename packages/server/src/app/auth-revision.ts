import type { RecordValues } from "@headwater/protocol";
import { principalAfterChange, principalInAccounts, principalUnderSchema } from "../auth/principal-after-change.ts";
import { COLLECTIONS, isForeignWrite } from "../collections/model/log-collection-change.ts";
import type { StreamOwners } from "../connections/stream-owners.ts";
import { loadSchema, type Registry } from "../collections/model/registry.ts";
import type { AuthRevision } from "../http/requester.ts";
import { mayActFrom } from "../http/superuser-address.ts";
import type { Hub } from "../hub/hub.ts";
import type { Session } from "../hub/session.ts";
import { toText } from "../lib/text/coerce.ts";
import type { Change } from "../log/change.ts";
import { guardTables } from "../log/foreign-writes.ts";
import { findRecord } from "../records/query/find-record.ts";
import { GUEST, type Principal, principalKey, principalOf } from "../rules/principal.ts";
import type { CurrentSettings } from "../settings/current-settings.ts";
import type { Store } from "../store/store.ts";
import type { Folder } from "./folder.ts";

/** Raised in the turn in which sessions change, so that a request which is being identified reads its principal again. */
export interface CurrentAuthRevision extends AuthRevision {
  current: number;
}

export interface AuthFollowerContext {
  readonly folder: Folder;
  readonly tailRegistry: Registry;
  readonly hub: Hub<Principal>;
  readonly authRevision: CurrentAuthRevision;
  readonly streamOwners: StreamOwners;
}

/** Applies a change of a collection, by this or another process, before anything later is delivered. */
export async function followCollectionChange(
  change: Change,
  { folder, tailRegistry, hub, authRevision, streamOwners }: AuthFollowerContext,
): Promise<void> {
  if (change.collection !== COLLECTIONS) return;
  const { registry, store } = folder;
  await reloadRegistry(store, registry);
  const accounts = isForeignWrite(change) ? await currentAccounts(folder, hub, streamOwners) : undefined;
  authRevision.current += 1;
  if (accounts) hub.resyncAll();
  const revise = (principal: Principal): Principal => {
    const current = principalUnderSchema(principal, tailRegistry.current);
    return accounts ? principalInAccounts(current, accounts) : current;
  };
  hub.reindexAll(() => tailRegistry.replace(registry.current), revise);
  streamOwners.revise(revise);
}

/** Accounts that are read before others get a turn. */
const ACCOUNTS_PER_TURN = 100;

/** The accounts of all who are connected, as they are stored; `undefined` for one that is gone. */
async function currentAccounts(
  { store, registry }: Folder,
  hub: Hub<Principal>,
  streamOwners: StreamOwners,
): Promise<ReadonlyMap<string, RecordValues | undefined>> {
  const principals = [...Array.from(hub.sessions(), (session) => session.principal), ...streamOwners.principals()];
  const accounts = new Map<string, RecordValues | undefined>();
  for (const principal of principals) {
    const key = principalKey(principal);
    if (principal.kind === "guest" || accounts.has(key)) continue;
    const collection = registry.current.find(principal.collection.id);
    accounts.set(key, collection && (await findRecord(store, collection, principal.values.id)));
    if (accounts.size % ACCOUNTS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return accounts;
}

/** Reads in the writers' queue: a read outside it could replace the result of a newer commit with older collections. */
const reloadRegistry = (store: Store, registry: Registry): Promise<void> =>
  store.write(
    async (tx) => {
      const schema = await loadSchema(tx);
      await guardTables(tx);
      tx.afterCommit(() => registry.replace(schema));
    },
    { alone: true },
  );

/**
 * Applies a change of an auth record to that account's sessions before anything later is delivered to them. The event of
 * its deletion still reaches them. A session that was opened with a newer token than the change revokes keeps its rights.
 */
export async function followAccountChange(
  change: Change,
  { folder, tailRegistry, hub, authRevision, streamOwners }: AuthFollowerContext,
): Promise<void> {
  const revised = principalAfterChange(change, tailRegistry.current);
  if (!revised) return;
  const valid = revised.principal.kind === "guest" ? await currentTokenKey(change, folder) : undefined;
  authRevision.current += 1;
  if (revised.principal.kind === "guest") streamOwners.revoked(revised.key, valid);
  const lastChange = change.action === "delete" ? change : undefined;
  for (const [tokenKey, sessions] of Map.groupBy(hub.sessionsOf(revised.key), tokenKeyOf)) {
    const { principal } = revised;
    if (principal.kind !== "guest") hub.changePrincipal(sessions, withTokenKey(principal, tokenKey));
    else if (tokenKey === "" || tokenKey !== valid) hub.changePrincipal(sessions, principal, lastChange);
  }
}

/** Superusers at addresses that are not listed any more become guests. Streams without a session are opened again, or refused. */
export function followSettingsChange(
  { hub, authRevision, streamOwners }: AuthFollowerContext,
  settings: CurrentSettings,
): void {
  const mayStay = (address: string, principal: Principal): boolean => mayActFrom(address, principal, { settings });
  const sessions = [...hub.sessions()].filter(({ address, principal }) => !mayStay(address, principal));
  authRevision.current += 1;
  if (sessions.length > 0) hub.changePrincipal(sessions, GUEST);
  streamOwners.revise((principal) => (mayStay("", principal) ? principal : GUEST));
}

/** The key that the account's tokens must have now; `undefined` if it is gone. */
async function currentTokenKey(
  { collection: id, record }: Change,
  { store, registry }: Folder,
): Promise<string | undefined> {
  const collection = registry.current.find(id);
  const values = collection && (await findRecord(store, collection, record));
  return values && toText(values["tokenKey"]);
}

const tokenKeyOf = ({ principal }: Session<Principal>): string =>
  principal.kind === "guest" ? "" : toText(principal.values["tokenKey"]);

/** The log has no token keys: a session's own says which tokens it was opened with. */
const withTokenKey = (principal: Exclude<Principal, { kind: "guest" }>, tokenKey: string): Principal =>
  principalOf(principal.collection, { ...principal.values, tokenKey });
