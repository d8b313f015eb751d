import type { RecordValues } from "@headwater/protocol";
import type { Eventually } from "../lib/scheduling/eventually.ts";
import type { Meter } from "../lib/scheduling/meter.ts";
import { type BatchedRuleCheck, meetsRuleInMemory, type RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import type { Listener } from "./listener.ts";
import type { AsOf } from "../records/rule-check/as-of.ts";
import { matchesSearch } from "../records/search/matches-search.ts";

/** Does a record with these values meet the topic's rule and the listener's own filter? At once if both are predicates. */
export function isVisible(
  batcher: RuleBatcher,
  { context, topic: { collection }, rule, filter, search }: Listener,
  values: RecordValues,
  asOf?: AsOf,
  meter?: Meter,
): Eventually<boolean> {
  const byRule: BatchedRuleCheck = { context, collection, rule, values, asOf };
  const byFilter: BatchedRuleCheck = { context, collection, rule: filter, values, trust: "client", asOf, meter };
  const meetsRule = meetsRuleInMemory(byRule);
  if (meetsRule === false || search === null) return false;
  if (search && !matchesSearch(collection, search, values)) return false;
  const meetsFilter = meetsRuleInMemory(byFilter);
  if (meetsFilter === false || (meetsRule && meetsFilter)) return meetsFilter;
  return ask(batcher, [byRule, byFilter]);
}

async function ask(batcher: RuleBatcher, checks: readonly BatchedRuleCheck[]): Promise<boolean> {
  for (const check of checks) if (!(await batcher.meetsRule(check))) return false;
  return true;
}
