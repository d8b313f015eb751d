import type { EventAction, RecordEvent, RecordId, RecordValues, OutgoingEvent } from "@headwater/protocol";
import { parseFields, pickFields } from "../lib/pick-fields.ts";
import type { Change } from "../log/change.ts";
import type { Reader } from "../store/store.ts";
import type { Listener } from "./listener.ts";
import { presentRecords, viewKey } from "../records/present/present.ts";

/** What a change is to a listener: what it is called, and the record that is shown. */
export type Seen =
  | { readonly action: EventAction; readonly image: RecordValues }
  /** Out of sight: which record it is, and no more, may be said. */
  | { readonly action: EventAction; readonly gone: RecordId };

/** Makes what is told, once for all who are told the same. */
export class EventData {
  readonly #reader: Reader;
  /** Of the change at hand, by all that can make the bytes differ. */
  #made = new Map<string, Promise<OutgoingEvent>>();
  #change: Change | undefined;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  of(listener: Listener, change: Change, seen: Seen): Promise<OutgoingEvent> {
    if (this.#change !== change) {
      this.#change = change;
      this.#made = new Map();
    }
    const key = keyOf(listener, seen);
    let made = this.#made.get(key);
    if (!made) this.#made.set(key, (made = this.#tell(listener, change, seen)));
    return made;
  }

  async #tell(listener: Listener, { time }: Change, seen: Seen): Promise<OutgoingEvent> {
    return { kind: "record", source: listener.topic.collection.name, time, data: await this.#encode(listener, seen) };
  }

  async #encode({ context, topic: { collection } }: Listener, seen: Seen): Promise<string> {
    const { action } = seen;
    if ("gone" in seen) {
      const { id: collectionId, name: collectionName } = collection;
      return toJson({ record: { collectionId, collectionName, id: seen.gone }, action });
    }
    const { expand = "", fields = "" } = context.query;
    const [record] = await presentRecords(this.#reader, context, collection, [seen.image], expand);
    // A picker that can't be read is none at all, as in PocketBase.
    const picked = fields === "" ? undefined : parseFields(fields);
    return toJson({ record: picked ? (pickFields(record!, picked) as RecordEvent["record"]) : record!, action });
  }
}

const toJson = (event: RecordEvent): string => JSON.stringify(event);

function keyOf({ topic, principal, subscription }: Listener, seen: Seen): string {
  const { collection } = topic;
  if ("gone" in seen) return JSON.stringify([seen.action, collection.id, seen.gone]);
  const { expand = "", fields = "" } = subscription.options.query;
  const view = viewKey(principal, collection, expand, seen.image.id);
  // The view rules of expanded records may read the options' headers too.
  return JSON.stringify([seen.action, seen.image.id, expand === "" ? fields : subscription.name, view]);
}
