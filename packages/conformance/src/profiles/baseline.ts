import type { Standard } from "../core/case.ts";
import { check, show } from "../core/checks.ts";
import type { JsonEvent } from "../stream/sse-client.ts";

/** A sentence of the document that fixes the contract of the two streams. */
export const plan = (section: string, sentence: string): Standard => ({
  source: `SSE Baseline Testing Infrastructure ${section}`,
  sentence,
});

/** The data of an event, which is an object in all of these streams. */
export function fieldsOf({ event, data }: JsonEvent): Readonly<Record<string, unknown>> {
  check(typeof data === "object" && data !== null, `the data of ${event} is ${show(data)}, and no object`);
  return data as Readonly<Record<string, unknown>>;
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export function isoTime(value: unknown, what: string): void {
  check(typeof value === "string" && ISO.test(value), `${what} is ${show(value)}, and no ISO 8601 time`);
}

/** Every stream begins with it. */
export function opens(events: readonly JsonEvent[]): void {
  const [first] = events;
  check(first !== undefined, "the stream has no event at all");
  check(first.event === "connection_open", `the first event is ${first.event}, not connection_open`);
  const { status } = fieldsOf(first);
  check(status === "connected", `connection_open has the status ${show(status)}, not "connected"`);
}

/** Every event has it, and it is the same for all of a stream. */
export function correlated(events: readonly JsonEvent[]): string {
  const ids = events.map((event) => {
    const id = fieldsOf(event)["correlation_id"];
    check(typeof id === "string" && id !== "", `${event.event} has no correlation_id: ${show(event.data)}`);
    return id;
  });
  const other = ids.find((id) => id !== ids[0]);
  check(other === undefined, `one stream has two correlation ids, ${show(ids[0])} and ${show(other)}`);
  return ids[0] ?? "";
}

export const namesOf = (events: readonly JsonEvent[]): string[] => events.map(({ event }) => event);
