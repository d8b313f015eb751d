import type { Standard } from "../core/case.ts";
import { check, show } from "../core/checks.ts";
import type { JsonEvent } from "../stream/sse-client.ts";

/** A sentence from the document that specifies the task and version streams. */
export const baseline = (section: string, sentence: string): Standard => ({
  source: `SSE Baseline Testing Infrastructure ${section}`,
  sentence,
});

/** The data of an event; in these streams it must be an object. */
export function fieldsOf({ event, data }: JsonEvent): Readonly<Record<string, unknown>> {
  check(typeof data === "object" && data !== null, `the data of ${event} is ${show(data)}, not an object`);
  return data as Readonly<Record<string, unknown>>;
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export function checkIsoTime(value: unknown, what: string): void {
  check(typeof value === "string" && ISO.test(value), `${what} is ${show(value)}, not an ISO 8601 time`);
}

/** Checks that the stream begins with `connection_open`. */
export function checkConnectionOpen(events: readonly JsonEvent[]): void {
  const [first] = events;
  check(first !== undefined, "the stream has no events");
  check(first.event === "connection_open", `the first event is ${first.event}, not connection_open`);
  const { status } = fieldsOf(first);
  check(status === "connected", `connection_open has the status ${show(status)}, not "connected"`);
}

/** Checks that every event has the same correlation id. @returns the id */
export function checkCorrelationId(events: readonly JsonEvent[]): string {
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
