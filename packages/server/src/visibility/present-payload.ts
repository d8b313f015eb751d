import type { RecordValues } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import type { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import type { CurrentRecords } from "./current-records.ts";
import type { EventPayload } from "./event-encoder.ts";
import { isVisible } from "./is-visible.ts";
import { type Listener, withoutFilters } from "./listener.ts";

/**
 * What a replay may say of a change: nothing of a record that is gone, or that its receiver may not see any more. That a
 * record was deleted, or left what the listener sees, is sent with its id alone.
 */
export async function presentPayload(
  records: CurrentRecords,
  batcher: RuleBatcher,
  listener: Listener,
  change: Change,
  payload: EventPayload,
): Promise<EventPayload | undefined> {
  if ("hiddenId" in payload) return payload;
  if (change.after === null) return { action: payload.action, hiddenId: change.record };
  const now = await records.find(change, listener.topic.collection);
  if (!now) return undefined;
  const { values } = payload;
  if (isSame(values, now)) return payload;
  // By the rule: that it no longer meets the filter is no secret.
  if (!(await isVisible(batcher, withoutFilters(listener), now))) return undefined;
  const { type } = listener.topic.collection;
  // An address that was hidden since stays hidden.
  return type === "auth" && !now["emailVisibility"]
    ? { ...payload, values: { ...values, emailVisibility: false } }
    : payload;
}

/** Values that the log leaves out, such as password hashes, decide nothing. */
const isSame = (logged: RecordValues, now: RecordValues): boolean =>
  Object.entries(logged).every(([name, value]) => value === now[name] || Bun.deepEquals(value, now[name]));
