import type { RecordEvent, RecordValues, Subscription } from "@headwater/protocol";
import type { Collection } from "../collections/collection.ts";
import type { Schema } from "../collections/schema.ts";
import type { FileStore } from "../files/file-store.ts";
import { parseFields, pickFields } from "../lib/pick-fields.ts";
import type { Change } from "../log/change.ts";
import { isSuperuser, type Principal, principalKey } from "../rules/principal.ts";
import { readsOf } from "../rules/reads.ts";
import type { Trust } from "../rules/record-scope.ts";
import { type RequiredValue, requiredValue } from "../rules/required-value.ts";
import { resolveRule } from "../rules/resolved-rules.ts";
import { RuleError } from "../rules/rule-error.ts";
import type { Reader } from "../store/store.ts";
import { presentRecords, viewKey } from "./present.ts";
import type { RecordContext } from "./record-context.ts";
import { readRecordTopic, type RecordTopic, topicsOfRecord } from "./record-topic.ts";
import { canSee } from "./visibility.ts";

export interface RecordEventsOptions {
  readonly reader: Reader;
  readonly schema: () => Schema;
  readonly files: FileStore;
}

/** Listeners who are alike: see the hub's index. */
export interface RecordAudience {
  readonly key: string;
  readonly requires: RequiredValue | undefined;
}

/**
 * What a change of a record is to those who listen. The rules judge the record as it was at the change's own place in
 * the log: after it for a create and an update, before it for a delete.
 */
export class RecordEvents {
  readonly #options: RecordEventsOptions;
  /** Events of the change at hand, by all that can make their bytes differ: many audiences see the same. */
  #made = new Map<string, Promise<string>>();
  #change: Change | undefined;

  constructor(options: RecordEventsOptions) {
    this.#options = options;
  }

  topicsOf(change: Change): readonly string[] {
    const collection = this.#options.schema().find(change.collection);
    return collection ? topicsOfRecord(collection, change) : [];
  }

  audienceOf(subscription: Subscription, principal: Principal): RecordAudience {
    const topic = readRecordTopic(this.#options.schema(), subscription.topic);
    if (!topic) return { key: "", requires: undefined };
    const { expand = "" } = subscription.options.query;
    const view = viewKey(principal, topic.collection, expand, topic.record);
    return {
      key: `${this.#decisionKey(topic, subscription, principal)}\n${view}`,
      requires: this.#requires(topic, this.#context(subscription, principal)),
    };
  }

  principalKey(principal: Principal): string {
    return principalKey(principal);
  }

  async present(change: Change, subscription: Subscription, principal: Principal): Promise<string | undefined> {
    const topic = readRecordTopic(this.#options.schema(), subscription.topic);
    if (!topic || (topic.rule === null && !isSuperuser(principal))) return undefined;
    const image = change.after ?? change.before;
    const context = this.#context(subscription, principal);
    if (!(await this.#maySee(topic, context, image))) return undefined;

    if (this.#change !== change) {
      this.#change = change;
      this.#made = new Map();
    }
    const { expand = "", fields = "" } = subscription.options.query;
    // The view rules of expanded records may read the options' headers too.
    const view = viewKey(principal, topic.collection, expand, change.record);
    const key = `${expand === "" ? fields : subscription.name}\n${view}`;
    let made = this.#made.get(key);
    if (!made) this.#made.set(key, (made = this.#encode(change, topic, context, image)));
    return made;
  }

  /** What besides the subscription's text decides whether a listener may see a record. */
  #decisionKey({ rule }: RecordTopic, { options }: Subscription, principal: Principal): string {
    const filter = options.query["filter"] ?? "";
    const judge = isSuperuser(principal) ? "" : rule;
    if (judge === null) return "nobody";
    // A filter that follows a relation is guarded by the list rules of other collections, which may read who asks.
    const readsAuth = readsOf(judge).auth || filter.includes(".");
    return `${isSuperuser(principal) ? "superuser" : "user"}/${readsAuth ? principalKey(principal) : ""}`;
  }

  /** What a record must hold for this listener to see it, by the rule or by the filter. */
  #requires({ collection, rule }: RecordTopic, context: RecordContext): RequiredValue | undefined {
    const filter = context.query["filter"] ?? "";
    const byRule = isSuperuser(context.principal) || !rule ? undefined : required(rule, collection, context, "trusted");
    return byRule ?? (filter === "" ? undefined : required(filter, collection, context, "client"));
  }

  async #maySee({ collection, rule }: RecordTopic, context: RecordContext, image: RecordValues): Promise<boolean> {
    const { reader } = this.#options;
    if (!isSuperuser(context.principal) && !(await canSee(reader, context, collection, rule, image, "trusted"))) {
      return false;
    }
    const filter = context.query["filter"] ?? "";
    if (filter === "") return true;
    if (!isSuperuser(context.principal) && /@(request|collection)\./.test(filter)) return false;
    return canSee(reader, context, collection, filter, image, "client");
  }

  async #encode(
    change: Change,
    { collection }: RecordTopic,
    context: RecordContext,
    image: RecordValues,
  ): Promise<string> {
    const { expand = "", fields = "" } = context.query;
    const [record] = await presentRecords(this.#options.reader, context, collection, [image], expand);
    // A picker that can't be read is none at all, as in PocketBase.
    const picked = fields === "" ? undefined : parseFields(fields);
    const event: RecordEvent = {
      record: picked ? (pickFields(record!, picked) as RecordEvent["record"]) : record!,
      action: change.action,
    };
    return JSON.stringify(event);
  }

  #context({ options }: Subscription, principal: Principal): RecordContext {
    return {
      principal,
      context: "realtime",
      method: "GET",
      query: options.query,
      headers: options.headers,
      body: {},
      schema: this.#options.schema(),
      now: new Date(),
      files: this.#options.files,
      background: (work) => void work(),
    };
  }
}

/** A text that is no rule is met by no record: nothing is required of those that will not be shown. */
function required(
  text: string,
  collection: Collection,
  context: RecordContext,
  trust: Trust,
): RequiredValue | undefined {
  const { principal, schema } = context;
  const auth = principal.kind === "guest" ? undefined : principal.collection;
  try {
    return requiredValue(resolveRule(text, { schema, collection, trust, auth, isNew: false }), context);
  } catch (error) {
    if (error instanceof RuleError) return undefined;
    throw error;
  }
}
