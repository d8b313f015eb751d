import type { ClientEvent } from "../../../src/clients/driver.ts";
import type { StreamState } from "../parts.ts";
import { ALWAYS, inField, type Violation, violation } from "./violation.ts";

const eachEvent = (change: (event: ClientEvent) => ClientEvent) => ({
  dispatch: (events: readonly ClientEvent[]) => events.map(change),
});

const changesData = (change: (data: string) => string) =>
  eachEvent((event) => ({ ...event, data: change(event.data) }));

const DATA: readonly Violation[] = [
  violation(
    "dataLines",
    "joins data lines with nothing",
    changesData((data) => data.replaceAll("\n", "")),
  ),
  violation(
    "dataLines",
    "joins data lines with a space",
    changesData((data) => data.replaceAll("\n", " ")),
  ),
  violation(
    "dataLines",
    "joins data lines with CRLF",
    changesData((data) => data.replaceAll("\n", "\r\n")),
  ),
  violation(
    "dataLines",
    "keeps the first data line only",
    changesData((data) => data.split("\n")[0]!),
  ),
  violation(
    "dataLines",
    "keeps the last data line only",
    changesData((data) => data.split("\n").at(-1)!),
  ),
  violation(
    "dataLines",
    "keeps the last line feed",
    changesData((data) => `${data}\n`),
  ),
  violation(
    "dataLines",
    "removes all line feeds at the end",
    changesData((data) => data.replace(/\n+$/, "")),
  ),
  violation(
    "dataLines",
    "removes line feeds at the start",
    changesData((data) => data.replace(/^\n+/, "")),
  ),
  violation(
    "dataLines",
    "drops empty data lines",
    changesData((data) => data.replaceAll(/\n+/g, "\n")),
  ),
  violation(
    "dataLines",
    "drops a data line that repeats the one before",
    changesData((data) => data.replaceAll("\n\n\n", "\n\n")),
  ),
  violation(
    "dataLines",
    "reverses data lines",
    changesData((data) => data.split("\n").toReversed().join("\n")),
  ),
];

const NAMES: readonly Violation[] = [
  violation("eventType", "takes the first name of an event", () => {
    let given = false;
    return {
      field([name, value], { connection }) {
        const isLater = name === "event" && given && connection > 0;
        given ||= name === "event";
        return isLater ? ["other", value] : [name, value];
      },
      dispatch(events) {
        given = false;
        return events;
      },
    };
  }),
  violation("eventType", "ignores a name that follows the data", () => {
    let hasData = false;
    return {
      field([name, value]) {
        hasData ||= name === "data";
        return name === "event" && hasData ? ["other", value] : [name, value];
      },
      dispatch(events) {
        hasData = false;
        return events;
      },
    };
  }),
  violation(
    "eventType",
    "ignores the letter case of event names",
    inField("event", (_, value) => value.toLowerCase()),
  ),
  violation(
    "eventType",
    "cuts event names at a space",
    inField("event", (_, value) => value.trim().split(/\s/)[0]!),
  ),
  violation(
    "eventType",
    "reads ASCII event names only",
    inField("event", (_, value) => value.replaceAll(/[^ -~]/g, "")),
  ),
  violation(
    "eventType",
    "names every event message",
    eachEvent((event) => ({ ...event, event: "message" })),
  ),
  violation("eventType", "ignores events that are named message", {
    dispatch: (events, _, { name }: Readonly<StreamState>) => (name === "message" ? [] : events),
  }),
  violation("buffersEmptied", "keeps the name after an event", {
    afterEvent: (right, _, { name }) => ({ ...right, name }),
  }),
  violation("buffersEmptied", "keeps the name after an event, until a name comes that is empty", {
    afterEvent: (right, _, { name }) => ({ ...right, name: name === "tick" ? name : "" }),
  }),
  violation("buffersEmptied", "keeps the data after an event", {
    afterEvent: (right, _, { data }) => ({ ...right, data: data.length < 100 ? data : "" }),
  }),
  violation("noData", "dispatches events with a name and no data", {
    dispatch: (events, _, { data, name, idBuffer }) =>
      data === "" && name !== "" ? [{ event: name, data: "", lastEventId: idBuffer }] : events,
  }),
  violation("noData", "dispatches an event for each empty line", {
    dispatch: (events, _, { data, idBuffer }) =>
      data === "" ? [{ event: "message", data: "", lastEventId: idBuffer }] : events,
  }),
  violation("noData", "keeps the name of an event without data", {
    afterEvent: (right, _, { data, name }) => ({ ...right, name: data === "" ? name : "" }),
  }),
  violation("noData", "dispatches no event whose data is empty", {
    dispatch: (events) => events.filter(({ data }) => data !== ""),
  }),
];

const ORDER: readonly Violation[] = [
  violation("order", "dispatches an event that repeats the one before only once", () => {
    let last = "";
    return {
      dispatch: (events) =>
        events.filter((event) => {
          const text = JSON.stringify(event);
          const isNew = text !== last;
          last = text;
          return isNew;
        }),
    };
  }),
  violation("order", "dispatches only one event with an id", () => {
    const seen = new Set<string>();
    return {
      dispatch: (events) =>
        events.filter(({ data, lastEventId }) => {
          const isNew = data !== "same" || !seen.has(lastEventId);
          if (data === "same") seen.add(lastEventId);
          return isNew;
        }),
    };
  }),
  violation("order", "drops every hundredth event", {
    dispatch: (events, at) => (at.events % 100 === 99 && events[0]?.data.length === 2 ? [] : events),
  }),
  violation("order", "dispatches every hundredth event twice", {
    dispatch: (events, at) => (at.events % 100 === 99 ? [...events, ...events] : events),
  }),
  violation("order", "dispatches two events of one chunk in reverse", () => {
    const held: ClientEvent[] = [];
    return {
      dispatch(events) {
        const [event] = events;
        if (event?.data === "200") held.push(event);
        if (event?.data === "200") return [];
        return [...events, ...(event === undefined ? [] : held.splice(0))];
      },
    };
  }),
  violation("order", "dispatches no more than 500 events of a connection", () => {
    const counts = new Map<number, number>();
    return {
      dispatch(events, { connection }) {
        const count = (counts.get(connection) ?? 0) + events.length;
        counts.set(connection, count);
        return count > 500 && events[0]?.data.startsWith("the") === false ? [] : events;
      },
    };
  }),
];

const IDS: readonly Violation[] = [
  violation("idStays", "gives events without an id none", () => {
    let own = false;
    return {
      field([name, value]) {
        own ||= name === "id";
        return [name, value];
      },
      dispatch(events) {
        const shown = own ? events : events.map((event) => ({ ...event, lastEventId: "" }));
        own = false;
        return shown;
      },
    };
  }),
  violation("idStays", "forgets the id after each event", { afterEvent: (right) => ({ ...right, idBuffer: "" }) }),
  violation(
    "idStays",
    "forgets an id that came without data",
    {
      afterEvent: (right, _, { data }) => (data === "" ? { ...right, idBuffer: "1" } : right),
    },
    ALWAYS,
  ),
  violation("idStays", "keeps the id when an empty one comes", { takesId: (right, _, value) => right && value !== "" }),
  violation("idValue", "takes the first id of an event", () => {
    let given = false;
    return {
      takesId: (right) => {
        const isFirst = !given;
        given = true;
        return right && isFirst;
      },
      dispatch(events) {
        given = false;
        return events;
      },
    };
  }),
  violation("idValue", "takes numbers as ids only", { takesId: (right, _, value) => right && /^\d*$/.test(value) }),
  violation(
    "idValue",
    "takes the id 0 for none",
    inField("id", (_, value) => (value === "0" ? "" : value)),
  ),
  violation(
    "idValue",
    "reads ids as JSON",
    inField("id", (_, value) => (value.startsWith("{") ? "[object Object]" : value)),
  ),
  violation("idValue", "ignores an id that follows the data", () => {
    let hasData = false;
    return {
      field([name, value]) {
        hasData ||= name === "data";
        return name === "id" && hasData ? ["other", value] : [name, value];
      },
      dispatch(events) {
        hasData = false;
        return events;
      },
    };
  }),
  violation("idWithNull", "takes ids with NULL", { takesId: () => true }),
  violation(
    "idWithNull",
    "cuts ids at NULL",
    inField("id", (_, value) => value.split("\0")[0]!),
  ),
  violation(
    "idWithNull",
    "drops NULL from ids",
    inField("id", (_, value) => value.replaceAll("\0", "")),
  ),
  violation(
    "idWithNull",
    "takes an id with NULL for an empty one",
    inField("id", (_, value) => (value.includes("\0") ? "" : value)),
  ),
];

export const eventViolations: readonly Violation[] = [...DATA, ...NAMES, ...ORDER, ...IDS];
