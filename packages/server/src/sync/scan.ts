import type { RecordContext } from "../records/record-context.ts";
import type { Reader } from "../store/store.ts";
import type { Scan } from "./client-group.ts";
import { type Patch, putVisible } from "./patch.ts";
import type { Synced } from "./synced.ts";
import { heldBetween } from "./view-rows.ts";
import { visibleAbove } from "./visible.ts";

/** Ids that are compared in one turn of the loop. */
const STEP = 2_000;
/** Records that are put at a time before anything is known of their size. */
const FIRST_PUTS = 100;

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
  synced: Synced,
  { after, since }: Scan,
  patch: Patch,
  isPut: (id: string) => boolean,
): Promise<ScanStep> {
  const visible = await visibleAbove(reader, context, synced, after, STEP);
  const last = visible.length < STEP ? undefined : visible.at(-1);
  const held = await heldBetween(reader, group, synced.collection.name, after, last);
  const lacking = visible.filter((id) => !isPut(id) && (held.get(id) ?? -1) < since);
  const now = lacking.slice(0, roomIn(patch));
  // A step goes no further than what it puts.
  const end = now.length < lacking.length ? now.at(-1) : last;
  const put = await putVisible(reader, context, synced, now, patch);
  const seen = new Set(visible);
  const gone = [...held.keys()].filter((id) => !seen.has(id) && (end === undefined || id <= end));
  return { rest: end === undefined ? undefined : { after: end, since }, put, gone };
}

/** Records that are put at once: as many as fit, by the size of those before them. */
function roomIn({ bytes, operations, limit }: Patch): number {
  if (operations.length === 0) return FIRST_PUTS;
  const size = bytes / operations.length;
  return Math.max(1, Math.min(STEP, Math.ceil((limit - bytes) / size)));
}
