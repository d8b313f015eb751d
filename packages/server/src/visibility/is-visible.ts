import type { RecordValues } from "@headwater/protocol";
import type { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import type { Listener } from "./listener.ts";
import type { AsOf } from "../records/rule-check/as-of.ts";

/** Does a record with these values meet the topic's rule and the listener's own filter? */
export async function isVisible(
  batcher: RuleBatcher,
  { context, topic: { collection }, rule, filter }: Listener,
  values: RecordValues,
  asOf?: AsOf,
): Promise<boolean> {
  return (
    (await batcher.meetsRule({ context, collection, rule, values, asOf })) &&
    batcher.meetsRule({ context, collection, rule: filter, values, trust: "client", asOf })
  );
}
