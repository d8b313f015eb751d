import type { RecordContext } from "../records/model/record-context.ts";
import type { Reader } from "../store/store.ts";
import type { Scan } from "./client-group.ts";
import { type Patch, putVisible } from "./patch.ts";
import type { SyncedCollection } from "./synced-collection.ts";
import { heldAbove } from "./view-rows.ts";
import { visibleAbove } from "./visible.ts";

/** What one step found: how far it got, what it put and what is gone. */
export interface ScanStep {
  /** `undefined`: the collection is through. */
  readonly rest: Scan | undefined;
  readonly put: ReadonlySet<string>;
  readonly gone: readonly string[];
}

/**
 * Goes on through a collection, in the order of ids: what the principal may list and the group does not have is put, what
 * the group has and the principal may not list is gone.
 *
 * @param isPut whether the patch has the record already
 */
export async function scanOn(
  reader: Reader,
  context: RecordContext,
  group: number,
  synced: SyncedCollection,
  { after, since }: Scan,
  patch: Patch,
  isPut: (id: string) => boolean,
): Promise<ScanStep> {
  const { step } = patch.sizes;
  const visible = await visibleAbove(reader, context, synced, after, step);
  const held = await heldAbove(reader, group, synced.collection.name, after, step);
  // A step goes no further than both lists do, nor than what it puts.
  const last = least(lastOf(visible, step), lastOf([...held.keys()], step));
  const lacking = visible.filter((id) => isUpTo(id, last) && !isPut(id) && (held.get(id) ?? -1) < since);
  const now = lacking.slice(0, roomIn(patch));
  const end = now.length < lacking.length ? now.at(-1) : last;
  const put = await putVisible(reader, context, synced, now, patch);
  const seen = new Set(visible);
  const gone = [...held.keys()].filter((id) => !seen.has(id) && isUpTo(id, end));
  return { rest: end === undefined ? undefined : { after: end, since }, put, gone };
}

/** Where a list ends that there may be more of; `undefined` for one that is whole. */
const lastOf = (ids: readonly string[], step: number): string | undefined =>
  ids.length < step ? undefined : ids.at(-1);

const least = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a;

const isUpTo = (id: string, end: string | undefined): boolean => end === undefined || id <= end;

/** Records that are put at once: as many as fit, by the size of those before them. */
function roomIn({ bytes, operations, sizes }: Patch): number {
  if (operations.length === 0) return sizes.firstPuts;
  const size = bytes / operations.length;
  return Math.max(1, Math.min(sizes.step, Math.ceil((sizes.page - bytes) / size)));
}
