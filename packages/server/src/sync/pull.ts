import type { SyncCookie, SyncError } from "@headwater/protocol";
import { unauthorized } from "../lib/api-error.ts";
import type { KeyedQueue } from "../lib/keyed-queue.ts";
import { randomId } from "../lib/random.ts";
import { readFloor, readHead } from "../log/change-log.ts";
import { findRecord } from "../records/query/find-record.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { type Principal, principalKey, principalOf } from "../rules/principal.ts";
import type { Reader, Store } from "../store/store.ts";
import { ViewUpdater, type ViewProgress } from "./view-updater.ts";
import {
  assertOwned,
  claimGroup,
  type ClientGroup,
  findGroup,
  findGroupWithHead,
  isOverdue,
  saveView,
  touchGroup,
  type ViewState,
} from "./client-group.ts";
import { mutationsSince } from "./client-rows.ts";
import { type ClientCookie, nextCookie, readClaim, type CookieStatus, standingOf } from "./cookie.ts";
import { adoptView } from "./fork.ts";
import { tellVersions } from "./old-versions.ts";
import { Patch, type Sizes, SIZES } from "./patch.ts";
import { syncedSet } from "./synced-collection.ts";
import { saveRows } from "./view-rows.ts";

export interface PullDeps {
  readonly store: Store;
  /** The life of the log. */
  readonly epoch: string;
  /** Pulls of one group follow each other. */
  readonly lanes: KeyedQueue;
  /** The usual ones unless given. */
  readonly sizes?: Sizes;
}

export interface PullRequest {
  readonly group: string;
  readonly cookie: unknown;
}

export interface Pulled {
  readonly cookie: SyncCookie;
  readonly lastMutationIDChanges: Readonly<Record<string, number>>;
  /** Operations, each as JSON. */
  readonly patch: readonly string[];
  /** There is more than fits into one answer. */
  readonly partial: boolean;
}

/**
 * What has changed of what the principal may see since the cookie.
 *
 * @param context gives who asks, under the collections in force, at the moment of the call
 * @throws ApiError 403 for a group that belongs to another
 */
export async function pull(
  deps: PullDeps,
  context: () => RecordContext,
  { group: key, cookie }: PullRequest,
): Promise<Pulled | SyncError> {
  const claim = readClaim(cookie);
  return (
    (await nothingNew(deps, context(), key, claim)) ?? deps.lanes.run(key, () => pullNews(deps, context, key, claim))
  );
}

/** The usual case, which costs one statement: the client has all there is. */
async function nothingNew(
  { store, epoch }: PullDeps,
  context: RecordContext,
  key: string,
  claim: ClientCookie,
): Promise<Pulled | undefined> {
  const found = claim.cookie && (await findGroupWithHead(store, key));
  if (!found) return undefined;
  const { group, head } = found;
  assertOwned(group, principalKey(context.principal));
  const { view, pushes } = group;
  const standing = standingOf(claim, group);
  const set = syncedSet(context);
  const isSame =
    standing.kind === "known" &&
    standing.version === view.version &&
    standing.pushes === pushes &&
    view.seq === head &&
    view.epoch === epoch &&
    view.prints === set.prints &&
    Object.keys(view.scans).length === 0 &&
    set.volatile.length === 0 &&
    !isOverdue(group, context.now);
  return isSame ? { cookie: claim.cookie, lastMutationIDChanges: {}, patch: [], partial: false } : undefined;
}

async function pullNews(
  { store, epoch, sizes = SIZES }: PullDeps,
  context: () => RecordContext,
  key: string,
  claim: ClientCookie,
): Promise<Pulled | SyncError> {
  const { principal, now } = context();
  const owner = principalKey(principal);
  if (!(await findGroup(store, key))) await store.write((tx) => adoptView(tx, key, owner, claim.cookie, now));
  const news = await store.read((reader) => findNews(reader, context(), key, owner, claim, epoch, sizes));
  if ("error" in news) return news;
  const { group, view, progress, pulled } = news;
  const isMoved = JSON.stringify(view) !== JSON.stringify(group.view) && !isSmallStep(group.view, view);
  if (isMoved || isOverdue(group, now)) {
    await store.write(async (tx) => {
      // One that expired meanwhile begins anew, with the next pull.
      const current = await claimGroup(tx, key, owner, now);
      if (current.id !== group.id || current.view.life !== group.view.life) return;
      if (isOverdue(group, now)) await touchGroup(tx, group, now);
      await saveRows(tx, group.id, view.version, progress.put, false);
      await saveRows(tx, group.id, view.version, progress.gone, true);
      await saveView(tx, group.id, view);
    });
  }
  return pulled;
}

/** Changes that concern nobody are looked at again rather than noted one by one. */
const isSmallStep = (before: ViewState, after: ViewState): boolean =>
  after.seq - before.seq < 64 && JSON.stringify({ ...after, seq: 0 }) === JSON.stringify({ ...before, seq: 0 });

interface News {
  readonly group: ClientGroup;
  /** The view as it is then. */
  readonly view: ViewState;
  readonly progress: ViewProgress;
  readonly pulled: Pulled;
}

async function findNews(
  reader: Reader,
  asked: RecordContext,
  key: string,
  owner: string,
  claim: ClientCookie,
  epoch: string,
  sizes: Sizes,
): Promise<News | SyncError> {
  const group = assertOwned((await findGroup(reader, key))!, owner);
  const standing = standingOf(claim, group);
  if (standing.kind === "ahead") return { error: "ClientStateNotFound" };
  const context = await atSnapshot(reader, asked);
  const set = syncedSet(context);
  const patch = new Patch(sizes);
  const told = standing.kind === "known" ? standing.version : 0;
  if (standing.kind !== "known") patch.add({ op: "clear" });

  const { reached, gone } = await tellVersions(reader, context, group, set, told, patch);
  const hasVersion = reached === group.view.version;
  const head = await readHead(reader);
  const log = { epoch, head, floor: await readFloor(reader) };
  const progress =
    hasVersion && !patch.isFull ? await new ViewUpdater(reader, context, group, set, patch, gone).run(log) : undefined;
  const view = viewAfter(group, standing, progress, gone.size > 0, { epoch, prints: set.prints });
  // What the last mutations did may stand on a page to come: until then the client shows its own idea of it.
  const partial = !progress || view.seq < head || Object.keys(view.scans).length > 0;
  const pushesTold = standing.kind === "known" ? standing.pushes : 0;
  const pushes = partial ? pushesTold : group.pushes;
  const lastMutationIDChanges = partial ? {} : await mutationsSince(reader, group, pushesTold);
  const version = progress ? view.version : reached;
  const isOwn = claim.cookie?.group === key;
  const isNews = !isOwn || patch.operations.length > 0 || pushes !== pushesTold || version !== told;
  const next = isNews
    ? nextCookie(claim, { key, ...view }, version, pushes)
    : { cookie: claim.cookie, shift: view.shift };
  return {
    group,
    view: { ...view, shift: next.shift },
    progress: progress ?? { ...group.view, put: NOTHING, gone },
    pulled: { cookie: next.cookie, lastMutationIDChanges, patch: patch.operations, partial },
  };
}

const NOTHING: ViewProgress["put"] = new Map();

/** Who asks, as the snapshot has it: what its account was before must not decide what the view has seen by then. */
async function atSnapshot(reader: Reader, context: RecordContext): Promise<RecordContext> {
  return { ...context, principal: await principalAt(reader, context) };
}

async function principalAt(reader: Reader, { principal, schema }: RecordContext): Promise<Principal> {
  const collection = principal.kind === "guest" ? undefined : schema.find(principal.collection.id);
  const values =
    collection?.type === "auth" && principal.kind !== "guest"
      ? await findRecord(reader, collection, principal.values.id)
      : undefined;
  if (collection?.type !== "auth" || !values) throw unauthorized();
  return principalOf(collection, values);
}

function viewAfter(
  { view }: ClientGroup,
  standing: CookieStatus,
  progress: ViewProgress | undefined,
  isLess: boolean,
  now: Pick<ViewState, "epoch" | "prints">,
): ViewState {
  const isLost = view.life === "" || (standing.kind === "unknown" && standing.lost);
  const life = isLost ? { life: randomId(), parent: "", forked: 0 } : {};
  const isChanged = isLess || (progress && (progress.put.size > 0 || progress.gone.size > 0));
  const version = isChanged ? view.version + 1 : view.version;
  if (!progress) return { ...view, ...life, version };
  return { ...view, ...now, ...life, seq: progress.seq, scans: progress.scans, version };
}
