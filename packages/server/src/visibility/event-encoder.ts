import {
  asksForVersion,
  type EventAction,
  type OutgoingEvent,
  type RecordEvent,
  type RecordId,
  type RecordValues,
} from "@headwater/protocol";
import { parseFields, pickFields } from "../lib/pick-fields.ts";
import { andThen, type Eventually } from "../lib/scheduling/eventually.ts";
import type { Meter } from "../lib/scheduling/meter.ts";
import type { Change } from "../log/change.ts";
import type { Reader } from "../store/store.ts";
import type { ClientQueries } from "../records/rule-check/client-queries.ts";
import { principalKey } from "../rules/principal.ts";
import type { Listener } from "./listener.ts";
import { presentInMemory, presentRecords, presentationKey } from "../records/present/present.ts";

/** What an event says: the action, and the record's values or, if the listener may not see them, only its id. */
export type EventPayload =
  | { readonly action: EventAction; readonly values: RecordValues }
  | { readonly action: EventAction; readonly hiddenId: RecordId };

/** Encodes events, once for all listeners that get the same bytes. */
export class EventEncoder {
  readonly #reader: Reader;
  readonly #clientQueries: ClientQueries;
  #change: Change | undefined;
  /** The events of that change, by everything that can make the bytes differ. */
  #events = new Map<string, Eventually<OutgoingEvent>>();

  constructor(reader: Reader, clientQueries: ClientQueries) {
    this.#reader = reader;
    this.#clientQueries = clientQueries;
  }

  encode(listener: Listener, change: Change, payload: EventPayload, meter?: Meter): Eventually<OutgoingEvent> {
    if (this.#change !== change) {
      this.#change = change;
      this.#events = new Map();
    }
    const key = keyOf(listener, payload);
    let event = this.#events.get(key);
    if (!event) this.#events.set(key, (event = this.#event(listener, change, payload, meter)));
    return event;
  }

  #event(listener: Listener, { time }: Change, payload: EventPayload, meter?: Meter): Eventually<OutgoingEvent> {
    const source = listener.topic.collection.name;
    return andThen(this.#json(listener, payload, meter), (data) => ({ kind: "record", source, time, data }));
  }

  #json(
    { context, topic: { collection }, principal }: Listener,
    payload: EventPayload,
    meter?: Meter,
  ): Eventually<string> {
    const { action } = payload;
    if ("hiddenId" in payload) {
      const { id: collectionId, name: collectionName } = collection;
      return toJson({ record: { collectionId, collectionName, id: payload.hiddenId }, action });
    }
    const { expand = "", fields = "" } = context.query;
    const present = (reader: Reader) => presentRecords(reader, context, collection, [payload.values], expand);
    const records =
      expand === ""
        ? (presentInMemory(context, collection, payload.values) ?? present(this.#reader))
        : this.#clientQueries.run(`expand/${collection.id}/${expand}`, principalKey(principal), present, meter);
    return andThen(records, ([record]) => {
      // Unreadable `fields` are ignored, as in PocketBase.
      const picked = fields === "" ? undefined : parseFields(fields);
      return toJson({ record: picked ? (pickFields(record!, picked) as RecordEvent["record"]) : record!, action });
    });
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
  const asked = expand === "" ? [fields, asksForVersion(subscription.options.query)] : subscription.name;
  return JSON.stringify([payload.action, id, asked, presentation]);
}
