import type { EventAction, RecordEvent, RecordId, RecordValues, OutgoingEvent } from "@headwater/protocol";
import { parseFields, pickFields } from "../lib/pick-fields.ts";
import type { Change } from "../log/change.ts";
import type { Reader } from "../store/store.ts";
import type { Listener } from "./listener.ts";
import { presentRecords, presentationKey } from "../records/present/present.ts";

/** What an event says: the action, and the record's values or, if the listener may not see them, only its id. */
export type EventPayload =
  | { readonly action: EventAction; readonly values: RecordValues }
  | { readonly action: EventAction; readonly hiddenId: RecordId };

/** Encodes events, once for all listeners that get the same bytes. */
export class EventEncoder {
  readonly #reader: Reader;
  #change: Change | undefined;
  /** The events of that change, by everything that can make the bytes differ. */
  #events = new Map<string, Promise<OutgoingEvent>>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  encode(listener: Listener, change: Change, payload: EventPayload): Promise<OutgoingEvent> {
    if (this.#change !== change) {
      this.#change = change;
      this.#events = new Map();
    }
    const key = keyOf(listener, payload);
    let event = this.#events.get(key);
    if (!event) this.#events.set(key, (event = this.#event(listener, change, payload)));
    return event;
  }

  async #event(listener: Listener, { time }: Change, payload: EventPayload): Promise<OutgoingEvent> {
    const source = listener.topic.collection.name;
    return { kind: "record", source, time, data: await this.#json(listener, payload) };
  }

  async #json({ context, topic: { collection } }: Listener, payload: EventPayload): Promise<string> {
    const { action } = payload;
    if ("hiddenId" in payload) {
      const { id: collectionId, name: collectionName } = collection;
      return toJson({ record: { collectionId, collectionName, id: payload.hiddenId }, action });
    }
    const { expand = "", fields = "" } = context.query;
    const [record] = await presentRecords(this.#reader, context, collection, [payload.values], expand);
    // Unreadable `fields` are ignored, as in PocketBase.
    const picked = fields === "" ? undefined : parseFields(fields);
    return toJson({ record: picked ? (pickFields(record!, picked) as RecordEvent["record"]) : record!, action });
  }
}

const toJson = (event: RecordEvent): string => JSON.stringify(event);

function keyOf({ topic, principal, subscription }: Listener, payload: EventPayload): string {
  const { collection } = topic;
  if ("hiddenId" in payload) return JSON.stringify([payload.action, collection.id, payload.hiddenId]);
  const { id } = payload.values;
  const { expand = "", fields = "" } = subscription.options.query;
  const presentation = presentationKey(principal, collection, expand, id);
  // The view rules of expanded records may read the subscription's headers too, which are part of its name.
  return JSON.stringify([payload.action, id, expand === "" ? fields : subscription.name, presentation]);
}
