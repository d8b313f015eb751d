import type { EventAction, RecordEvent, RecordValues, Subscription } from "@headwater/protocol";
import type { Schema } from "../collections/schema.ts";
import type { FileStore } from "../files/file-store.ts";
import { parseFields, pickFields } from "../lib/pick-fields.ts";
import type { Change } from "../log/change.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import type { RequiredValue } from "../rules/required-value.ts";
import type { Reader } from "../store/store.ts";
import { Judge } from "./judge.ts";
import { type Listener, listenerKey, readListener, requiredOf } from "./listener.ts";
import { presentRecords, viewKey } from "./present.ts";
import { topicsOfRecord } from "./record-topic.ts";

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

/** What a change is to a listener: what it is called, and the record that is shown. */
interface Seen {
  readonly action: EventAction;
  readonly image: RecordValues;
}

/**
 * What a change of a record is to those who listen. The rules judge the record as it was at the change's own place in
 * the log: after it for a create and an update, before it for a delete; both for those who want to know what becomes
 * visible and what does not any more.
 */
export class RecordEvents {
  readonly #options: RecordEventsOptions;
  readonly #judge: Judge;
  /** Events of the change at hand, by all that can make their bytes differ: many audiences see the same. */
  #made = new Map<string, Promise<string>>();
  #change: Change | undefined;

  constructor(options: RecordEventsOptions) {
    this.#options = options;
    this.#judge = new Judge(options.reader);
  }

  topicsOf(change: Change): readonly string[] {
    const collection = this.#options.schema().find(change.collection);
    return collection ? topicsOfRecord(collection, change) : [];
  }

  audienceOf(subscription: Subscription, principal: Principal): RecordAudience {
    const listener = this.#listener(subscription, principal);
    return listener ? { key: listenerKey(listener), requires: requiredOf(listener) } : { key: "", requires: undefined };
  }

  principalKey(principal: Principal): string {
    return principalKey(principal);
  }

  async present(change: Change, subscription: Subscription, principal: Principal): Promise<string | undefined> {
    const listener = this.#listener(subscription, principal);
    const seen = listener && (await this.#seen(listener, change));
    return seen && this.#event(listener, change, seen);
  }

  async #seen(listener: Listener, { action, before, after }: Change): Promise<Seen | undefined> {
    const { transitions } = listener;
    if (!transitions) {
      const image = after ?? before;
      return (await this.#sees(listener, image)) ? { action, image } : undefined;
    }
    const [was, is] = await Promise.all([
      before !== null && this.#sees(listener, before),
      after !== null && this.#sees(listener, after),
    ]);
    if (is) return { action: was || before === null ? action : transitions.enter, image: after! };
    return was ? { action: after === null ? action : transitions.leave, image: before! } : undefined;
  }

  async #sees({ context, topic, principal, rule, filter }: Listener, image: RecordValues): Promise<boolean> {
    const asker = principalKey(principal);
    return (
      (await this.#judge.canSee(context, asker, topic.collection, rule, image, "trusted")) &&
      this.#judge.canSee(context, asker, topic.collection, filter, image, "client")
    );
  }

  /** The event's data, made once for all who get the same bytes. */
  #event({ context, topic, principal, subscription }: Listener, change: Change, seen: Seen): Promise<string> {
    if (this.#change !== change) {
      this.#change = change;
      this.#made = new Map();
    }
    const { expand = "", fields = "" } = subscription.options.query;
    // The view rules of expanded records may read the options' headers too.
    const view = viewKey(principal, topic.collection, expand, change.record);
    const key = `${seen.action}\n${expand === "" ? fields : subscription.name}\n${view}`;
    let made = this.#made.get(key);
    if (!made) this.#made.set(key, (made = this.#encode({ context, topic }, seen, expand, fields)));
    return made;
  }

  async #encode(
    { context, topic }: Pick<Listener, "context" | "topic">,
    { action, image }: Seen,
    expand: string,
    fields: string,
  ): Promise<string> {
    const [record] = await presentRecords(this.#options.reader, context, topic.collection, [image], expand);
    // A picker that can't be read is none at all, as in PocketBase.
    const picked = fields === "" ? undefined : parseFields(fields);
    const event: RecordEvent = {
      record: picked ? (pickFields(record!, picked) as RecordEvent["record"]) : record!,
      action,
    };
    return JSON.stringify(event);
  }

  #listener(subscription: Subscription, principal: Principal): Listener | undefined {
    return readListener(this.#options.schema(), this.#options.files, subscription, principal);
  }
}
