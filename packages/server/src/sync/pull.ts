import type { SyncCookie, SyncError } from "@headwater/protocol";
import type { KeyedQueue } from "../lib/scheduling/keyed-queue.ts";
import { randomId } from "../lib/random.ts";
import { readTrimmedTo, readHead } from "../log/change-log.ts";
import type { Cursors } from "../log/cursors.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { principalKey } from "../rules/principal.ts";
import type { QueryOwner, Reader, Store } from "../store/store.ts";
import { adoptView } from "./adopt-view.ts";
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
import {
  checkLineage,
  type ClientCookie,
  type CookieStatus,
  cookieStatusOf,
  nextCookie,
  readCookie,
} from "./cookie.ts";
import { addMissedVersions, type MissedVersions } from "./missed-versions.ts";
import { DEFAULT_LIMITS, Patch, type PatchLimits } from "./patch.ts";
import { snapshotFor } from "./snapshot.ts";
import { syncedSet } from "./synced-collection.ts";
import { saveRows } from "./view-rows.ts";
import { ViewUpdater, type ViewProgress } from "./view-updater.ts";

export interface PullDeps {
  readonly store: Store;
  /** Whose the pull is; its reads run on behalf of the account if it isn't given. */
  readonly owner?: QueryOwner;
  readonly epoch: string;
  readonly cursors: Cursors;
  /** Runs the pulls of one group one after another. */
  readonly queue: KeyedQueue;
  /** `DEFAULT_LIMITS` unless given. */
  readonly limits?: PatchLimits;
}

export interface PullRequest {
  readonly group: string;
  readonly cookie: unknown;
}

export interface PullResult {
  readonly cookie: SyncCookie;
  readonly lastMutationIDChanges: Readonly<Record<string, number>>;
  /** Operations, each as JSON. */
  readonly patch: readonly string[];
  /** There is more than fits into one response. */
  readonly partial: boolean;
}

/**
 * What the requester may see, as far as it changed since the cookie.
 *
 * @param context returns the requester and the current collections at the time of the call
 * @throws ApiError 401 if the requester's account no longer exists, 403 if the group belongs to another user
 */
export async function pull(
  deps: PullDeps,
  context: () => RecordContext,
  { group: key, cookie }: PullRequest,
): Promise<PullResult | SyncError> {
  const sent = checkLineage(readCookie(cookie), key, deps.cursors);
  if (sent === "ahead") return { error: "ClientStateNotFound" };
  return (
    (await pullUnchanged(deps, context(), key, sent)) ??
    deps.queue.run(key, () => pullChanges(deps, context, key, sent))
  );
}

/** The usual case costs one statement: the client already has everything. `undefined` if it may not. */
async function pullUnchanged(
  { store, epoch }: PullDeps,
  context: RecordContext,
  key: string,
  sent: ClientCookie,
): Promise<PullResult | undefined> {
  const found = sent.cookie && (await findGroupWithHead(store, key));
  if (!found) return undefined;
  const { group, head } = found;
  assertOwned(group, principalKey(context.principal));
  const { view, pushes } = group;
  const status = cookieStatusOf(sent, group);
  const set = syncedSet(context);
  const isSame =
    status.kind === "known" &&
    status.version === view.version &&
    status.pushes === pushes &&
    view.seq === head &&
    view.epoch === epoch &&
    view.fingerprints === set.fingerprints &&
    Object.keys(view.scans).length === 0 &&
    set.volatileCollections.length === 0 &&
    !isOverdue(group, context.now);
  return isSame ? { cookie: sent.cookie, lastMutationIDChanges: {}, patch: [], partial: false } : undefined;
}

async function pullChanges(
  { store, owner, epoch, cursors, limits = DEFAULT_LIMITS }: PullDeps,
  context: () => RecordContext,
  key: string,
  sent: ClientCookie,
): Promise<PullResult | SyncError> {
  const { principal, now } = context();
  const claim = { key, owner: principalKey(principal), now };
  if (!(await findGroup(store, key))) await store.write((tx) => adoptView(tx, claim, sent.cookie));
  const query = { key, owner: claim.owner, sent, epoch, cursors, limits };
  const source = store.for(owner ?? { key: claim.owner });
  const update = await source.read((reader) => findUpdate(reader, context(), query));
  if ("error" in update) return update;
  const { group, view, progress, result } = update;
  const isChanged = JSON.stringify(view) !== JSON.stringify(group.view) && !isSmallStep(group.view, view);
  if (isChanged || isOverdue(group, now)) {
    await store.write(async (tx) => {
      // A view that expired in the meantime starts again with the next pull.
      const current = await claimGroup(tx, claim);
      if (current.id !== group.id || current.view.generation !== group.view.generation) return;
      if (isOverdue(group, now)) await touchGroup(tx, group, now);
      await saveRows(tx, group.id, view.version, progress);
      await saveView(tx, group.id, view);
    });
  }
  return result;
}

/** If only the seq moved, and not far, it isn't saved: reading those changes again is cheaper than a write. */
const isSmallStep = (before: ViewState, after: ViewState): boolean =>
  after.seq - before.seq < 64 && JSON.stringify({ ...after, seq: 0 }) === JSON.stringify({ ...before, seq: 0 });

/** A pull's answer, and what must be saved before it is sent. */
interface ViewUpdateResult {
  readonly group: ClientGroup;
  /** The view after this pull. */
  readonly view: ViewState;
  readonly progress: ViewProgress;
  readonly result: PullResult;
}

interface PullQuery {
  readonly key: string;
  readonly owner: string;
  readonly sent: ClientCookie;
  readonly epoch: string;
  readonly cursors: Cursors;
  readonly limits: PatchLimits;
}

async function findUpdate(
  reader: Reader,
  context: RecordContext,
  { key, owner, sent, epoch, cursors, limits }: PullQuery,
): Promise<ViewUpdateResult | SyncError> {
  const group = assertOwned((await findGroup(reader, key))!, owner);
  const status = cookieStatusOf(sent, group);
  if (status.kind === "ahead") return { error: "ClientStateNotFound" };
  const snapshot = await snapshotFor(reader, context);
  const set = syncedSet(snapshot.context);
  const patch = new Patch(limits);
  const known = status.kind === "known" ? status : { version: 0, pushes: 0 };
  if (status.kind !== "known") patch.add({ op: "clear" });

  const missed = await addMissedVersions(snapshot, group, set, { known: known.version, patch });
  const { reached, gone } = missed;
  const head = await readHead(reader);
  const log = { epoch, head, trimmedTo: await readTrimmedTo(reader) };
  const isCurrent = reached === group.view.version && !patch.isFull;
  const progress = isCurrent ? await new ViewUpdater(snapshot, { group, set, patch, gone }).run(log) : undefined;
  const view = viewAfter(group, status, { progress, missed, epoch, fingerprints: set.fingerprints });
  // A later page may hold what the last mutations wrote. Until then the client keeps showing its own version of it.
  const partial = !progress || view.seq < head || Object.keys(view.scans).length > 0;
  const pushes = partial ? known.pushes : group.pushes;
  const lastMutationIDChanges = partial ? {} : await mutationsSince(reader, group, known.pushes);
  const version = progress ? view.version : reached;
  const isOwn = sent.cookie?.group === key;
  const isNews = !isOwn || patch.operations.length > 0 || pushes !== known.pushes || version !== known.version;
  const next = isNews
    ? nextCookie(sent, {
        key,
        generation: view.generation,
        orderOffset: view.orderOffset,
        version,
        pushes,
        place: cursors.format(head),
      })
    : { cookie: sent.cookie, orderOffset: view.orderOffset };
  return {
    group,
    view: { ...view, orderOffset: next.orderOffset },
    progress: progress ?? { ...group.view, put: NOTHING, gone },
    result: { cookie: next.cookie, lastMutationIDChanges, patch: patch.operations, partial },
  };
}

const NOTHING: ViewProgress["put"] = new Map();

interface ViewOutcome extends Pick<ViewState, "epoch" | "fingerprints"> {
  /** `undefined` if the patch was full before the view could move on. */
  readonly progress: ViewProgress | undefined;
  readonly missed: MissedVersions;
}

function viewAfter(
  { view }: ClientGroup,
  status: CookieStatus,
  { progress, missed, epoch, fingerprints }: ViewOutcome,
): ViewState {
  const startsOver = view.generation === "" || (status.kind === "unknown" && status.lost);
  const generation = startsOver ? { generation: randomId(), parentGeneration: "", copiedVersion: 0 } : {};
  const isChanged = missed.gone.size > 0 || (progress && (progress.put.size > 0 || progress.gone.size > 0));
  const version = isChanged ? view.version + 1 : view.version;
  if (!progress) return { ...view, ...generation, version };
  return { ...view, epoch, fingerprints, ...generation, seq: progress.seq, scans: progress.scans, version };
}
