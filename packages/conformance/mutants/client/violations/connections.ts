import { type Ending, type Headers, type Parts, type StreamState, without } from "../parts.ts";
import { WHENS } from "../../framework/when.ts";
import { ALWAYS, type Violation, violation } from "./violation.ts";

const LATER = ["every", "later"] as const;

/** What of a stream's state a client may keep over a reconnect. */
const KEPT: Readonly<
  Record<string, readonly [rule: "endOfFile" | "freshBuffers" | "utf8", ...keys: (keyof StreamState)[]]>
> = {
  "unfinished data": ["endOfFile", "data"],
  "half a line": ["endOfFile", "rest"],
  "half an event": ["endOfFile", "data", "rest", "name"],
  "an unfinished event's name": ["freshBuffers", "name"],
  "an unfinished event's id": ["freshBuffers", "idBuffer"],
  "its decoder": ["utf8", "decoder"],
};

const keeps = (keys: readonly (keyof StreamState)[]): Partial<Parts> => ({
  fresh: (right, _, before) =>
    before ? { ...right, ...Object.fromEntries(keys.map((key) => [key, before[key]])) } : right,
});

/** Each is kept over every reconnect, and only over the second and later ones, and only after a stream that broke. */
const KEEPS: readonly Violation[] = Object.entries(KEPT).flatMap(([what, [rule, ...keys]]) => [
  violation(rule, `keeps ${what} over a reconnect`, keeps(keys), LATER),
  violation(
    rule,
    `keeps ${what} over the second reconnect`,
    () => {
      const { fresh } = keeps(keys);
      return { fresh: (right, at, before) => (at.connection > 2 ? fresh!(right, at, before) : right) };
    },
    ALWAYS,
  ),
  violation(
    rule,
    `keeps ${what} when a stream breaks`,
    () => {
      const { fresh } = keeps(keys);
      let how: Ending = "end";
      return {
        goesOn(right, _, ending) {
          how = ending;
          return right;
        },
        fresh: (right, at, before) => (how === "break" ? fresh!(right, at, before) : right),
      };
    },
    ALWAYS,
  ),
]);

/** How many bytes at the end are the start of a character. */
function unfinishedBytes(bytes: Uint8Array): number {
  const start = bytes.findLastIndex((byte) => byte < 0x80 || byte >= 0xc0);
  const lead = bytes[start] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return bytes.length - start < length ? bytes.length - start : 0;
}

const CHARACTERS: readonly Violation[] = [
  violation(
    "utf8",
    "puts half a character before the next stream",
    () => {
      let rest = new Uint8Array();
      let last = 1;
      return {
        bytes(pieces, { connection }) {
          const all = connection > last ? [rest, ...pieces] : pieces;
          last = connection;
          const piece = pieces.at(-1)!;
          rest = piece.slice(piece.length - unfinishedBytes(piece));
          return all;
        },
      };
    },
    ALWAYS,
  ),
];

const asEvent = ({ data, name, idBuffer }: Readonly<StreamState>) => ({
  event: name === "" ? "message" : name,
  data: data.replace(/\n$/, ""),
  lastEventId: idBuffer,
});

const ENDS: readonly Violation[] = [
  violation("endOfFile", "dispatches an event without its final empty line", {
    atEnd: (_, __, state) => (state.data === "" ? [] : [asEvent(state)]),
  }),
  violation("endOfFile", "dispatches half a line", {
    atEnd: (_, __, { rest, ...state }) =>
      rest.startsWith("data:") ? [asEvent({ ...state, rest, data: rest.slice(5) })] : [],
  }),
  ...(["end", "break", "no response"] as const).flatMap((kind) => {
    const rule = kind === "no response" ? "noResponse" : "reconnect";
    const after = { end: "a stream ends", break: "a stream breaks", "no response": "there is no response" }[kind];
    // A client may take a first request without a response for futile.
    const whens = kind === "no response" ? LATER : WHENS;
    return [
      violation(rule, `does not reconnect when ${after}`, { goesOn: (_, __, how) => how !== kind }, whens),
      violation(
        rule,
        `reconnects only once when ${after}`,
        () => {
          let count = 0;
          return { goesOn: (_, __, how) => how !== kind || ++count <= 1 };
        },
        ALWAYS,
      ),
    ];
  }),
  violation(
    "reconnect",
    "does not reconnect after a stream without a byte",
    () => {
      let bytes = 0;
      return {
        bytes(pieces) {
          bytes += pieces.length;
          return pieces;
        },
        goesOn(right, _, how) {
          const goesOn = right && (how !== "end" || bytes > 0);
          bytes = 0;
          return goesOn;
        },
      };
    },
    LATER,
  ),
  violation("reconnect", "reconnects at most three times", { goesOn: (_, { connection }) => connection <= 3 }, ALWAYS),
];

const withoutId = (headers: Headers): Headers => without(headers, "last-event-id");
const changesId = (change: (id: string) => string): Partial<Parts> => ({
  headers: (headers) =>
    headers["last-event-id"] === undefined
      ? headers
      : { ...headers, "last-event-id": change(headers["last-event-id"]) },
});

const decoded = (latin1: string): string =>
  new TextDecoder().decode(Uint8Array.from(latin1, (character) => character.charCodeAt(0)));

const IDS: readonly Violation[] = [
  violation("lastEventIdHeader", "sends no Last-Event-ID", { headers: withoutId }, LATER),
  violation(
    "lastEventIdHeader",
    "forgets its id at the second reconnect",
    {
      remembered: (right, { connection }) => (connection > 2 ? { ...right, lastEventId: "" } : right),
    },
    ALWAYS,
  ),
  violation(
    "lastEventIdHeader",
    "sends its id over the first two reconnects only",
    {
      headers: (headers, { connection }) => (connection > 3 ? withoutId(headers) : headers),
    },
    ALWAYS,
  ),
  violation(
    "lastEventIdHeader",
    "sends the first id for ever",
    () => {
      let first = "";
      return changesId((id) => (first ||= id));
    },
    ALWAYS,
  ),
  violation(
    "lastEventIdHeader",
    "forgets its id when there is no response",
    () => {
      let how: Ending = "end";
      return {
        goesOn(right, _, ending) {
          how = ending;
          return right;
        },
        remembered: (right) => (how === "no response" ? { ...right, lastEventId: "" } : right),
      };
    },
    ALWAYS,
  ),
  violation(
    "lastEventIdHeader",
    "forgets its id after a stream without events",
    () => {
      let last = 0;
      return {
        remembered(right, { connection, events }) {
          const isIdle = connection > 1 && events === last;
          last = events;
          return isIdle ? { ...right, lastEventId: "" } : right;
        },
      };
    },
    ALWAYS,
  ),
  violation(
    "lastEventIdHeader",
    "gives events without an id none on a new connection",
    {
      fresh: (right, { connection }) => (connection > 1 ? { ...right, idBuffer: "" } : right),
    },
    ALWAYS,
  ),
  violation(
    "lastEventIdHeader",
    "sends the id in quotes",
    changesId((id) => `"${id}"`),
    LATER,
  ),
  violation("freshBuffers", "sends the id of an unfinished event", {
    lastEventId: (_, __, { idBuffer }) => idBuffer,
  }),
  violation(
    "idOnDispatch",
    "takes ids with data only",
    () => {
      let before = "";
      return {
        afterEvent(right, _, { data, idBuffer }) {
          if (data !== "") before = idBuffer;
          return right;
        },
        remembered: (right) => ({ ...right, lastEventId: before }),
      };
    },
    LATER,
  ),
  violation("noLastEventId", "sends an empty Last-Event-ID", {
    headers: (headers) => ({ "last-event-id": "", ...headers }),
  }),
  violation("noLastEventId", "sends the Last-Event-ID undefined", {
    headers: (headers) => ({ "last-event-id": "undefined", ...headers }),
  }),
  violation(
    "noLastEventId",
    "sends an old id after an empty one",
    () => {
      let old = "";
      return {
        headers(headers) {
          old = headers["last-event-id"] ?? old;
          return old === "" ? headers : { ...headers, "last-event-id": old };
        },
      };
    },
    ALWAYS,
  ),
  violation(
    "lastEventIdUtf8",
    "sends the id as ASCII",
    changesId((id) => decoded(id).replaceAll(/[^ -~]/gu, "?")),
    LATER,
  ),
  violation(
    "lastEventIdUtf8",
    "sends the id with percent signs",
    changesId((id) => encodeURI(decoded(id))),
    LATER,
  ),
  violation(
    "lastEventIdUtf8",
    "sends no id beyond ASCII",
    {
      headers: (headers) => (/[^ -~]/.test(headers["last-event-id"] ?? "") ? withoutId(headers) : headers),
    },
    LATER,
  ),
  violation(
    "lastEventIdUtf8",
    "takes the id 0 for none",
    {
      headers: (headers) => (headers["last-event-id"] === "0" ? withoutId(headers) : headers),
    },
    LATER,
  ),
  violation(
    "lastEventIdUtf8",
    "cuts the id at a comma",
    changesId((id) => id.split(",")[0]!),
    LATER,
  ),
  violation(
    "lastEventIdUtf8",
    "decodes the id",
    changesId((id) => id.replaceAll("%20", " ")),
    LATER,
  ),
];

export const connectionViolations: readonly Violation[] = [...KEEPS, ...CHARACTERS, ...ENDS, ...IDS];
