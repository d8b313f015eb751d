import type { Subscription } from "@headwater/protocol";
import { recordId } from "@headwater/protocol";
import { COLLECTIONS } from "../../collections/model/log-collection-change.ts";
import type { Rule } from "../../collections/model/rule.ts";
import type { Schema } from "../../collections/model/schema.ts";
import type { FileStore } from "../../files/file-store.ts";
import type { Change } from "../../log/change.ts";
import type { RecordContext } from "../../records/model/record-context.ts";
import { excludesRequester, interpretRule } from "../../records/rule-check/interpret-rule.ts";
import { recordScope } from "../../records/model/record-scope.ts";
import { RuleBatcher } from "../../records/rule-check/rule-batcher.ts";
import { decisionKey } from "../../rules/analysis/decision-key.ts";
import { requestUsage } from "../../rules/analysis/request-usage.ts";
import { dependenciesOf } from "../../rules/analysis/rule-dependencies.ts";
import type { Principal } from "../../rules/principal.ts";
import type { ClientReader } from "../../store/store.ts";
import { changesRequester } from "../account-change.ts";
import { isAffectedBy } from "../affected-records.ts";
import type { AudienceKind } from "../audience-kind.ts";
import { listenerContext } from "../listener.ts";
import { CHANNELS } from "./channels.ts";

export interface NameRulesOptions {
  readonly reader: ClientReader;
  readonly schema: () => Schema;
  readonly files: FileStore;
}

/** Evaluates rules that read a name as `id`: those of channels, and of rooms. */
export class NameRules {
  readonly #options: NameRulesOptions;
  readonly #batcher: RuleBatcher;

  constructor(options: NameRulesOptions) {
    this.#options = options;
    this.#batcher = new RuleBatcher(options.reader);
  }

  context(subscription: Subscription, principal: Principal): RecordContext {
    const { schema, files } = this.#options;
    return listenerContext(schema(), files, subscription, principal);
  }

  /** @returns `undefined` if the rule excludes everyone */
  audienceOf(topic: string, rule: Rule, context: RecordContext): AudienceKind | undefined {
    const meaning = interpretRule(context, CHANNELS, rule);
    if (meaning === "none") return undefined;
    if (meaning === "every") return audience(topic, "all", true, [COLLECTIONS]);
    const dependencies = dependenciesOf(meaning);
    const isCacheable = dependencies.length === 0 && !requestUsage(rule!).now;
    const decidedBy = [COLLECTIONS, ...dependencies.map(({ collection }) => collection.id)];
    return audience(topic, decisionKey(meaning, recordScope(context, CHANNELS), context), isCacheable, decidedBy);
  }

  /** Does the rule exclude the principal, whatever any record holds? Decided without reading records. */
  excludes(rule: Rule, context: RecordContext): boolean {
    return excludesRequester(context, CHANNELS, rule);
  }

  /** Does the principal meet the rule, by current data? */
  isMet(name: string, rule: Rule, context: RecordContext): Promise<boolean> {
    return this.#batcher.meetsRule({ context, collection: CHANNELS, rule, values: { id: recordId(name) } });
  }

  /** May a change of a record have made the principal meet the rule? */
  mayBeMetAfter(change: Change, rule: Rule, subscription: Subscription, principal: Principal): boolean {
    const context = this.context(subscription, principal);
    const meaning = interpretRule(context, CHANNELS, rule);
    if (typeof meaning === "string") return false;
    if (dependenciesOf(meaning).some((dependency) => isAffectedBy(dependency, change))) return true;
    return changesRequester(change, principal, (as) => {
      const own = this.context(subscription, as);
      return decisionKey(meaning, recordScope(own, CHANNELS), own);
    });
  }
}

export const audience = (
  topic: string,
  key: string,
  cacheable: boolean,
  decidedBy: readonly string[] = [],
): AudienceKind => ({
  topic,
  key,
  routeBy: undefined,
  dependsOn: undefined,
  decidedBy,
  cacheable,
});
