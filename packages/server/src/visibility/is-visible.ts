import type { RecordValues } from "@headwater/protocol";
import { principalKey } from "../rules/principal.ts";
import type { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import type { Listener } from "./listener.ts";
import type { AsOf } from "../records/rule-check/as-of.ts";

/** May the listener see a record with these values, by the topic's rule and by its own filter? */
export async function isVisible(
  judge: RuleBatcher,
  { context, topic, principal, rule, filter }: Listener,
  image: RecordValues,
  moment?: AsOf,
): Promise<boolean> {
  const { collection } = topic;
  const asker = principalKey(principal);
  return (
    (await judge.canSee(context, asker, collection, rule, image, "trusted", moment)) &&
    judge.canSee(context, asker, collection, filter, image, "client", moment)
  );
}
