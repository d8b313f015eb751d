import type { ClientFaults } from "./sse-client.ts";

/** A client with one fault, the case that catches it, and the message that the case must fail with. */
export interface BrokenClient {
  readonly fault: string;
  readonly faults: ClientFaults;
  readonly caughtBy: string;
  readonly message: RegExp;
}

export const BROKEN_CLIENTS: readonly BrokenClient[] = [
  {
    fault: "joins data lines without a line feed",
    faults: { joinsWith: "" },
    caughtBy: "data lines are joined by line feeds",
    message: /data of event 1 is "YHOO\+210", expected "YHOO\\n\+2\\n10"/,
  },
  {
    fault: "trims data",
    faults: { value: (raw) => raw.trim() },
    caughtBy: "one space after the colon is removed, and no more",
    message: /data of event 3 is "test", expected " test "/,
  },
  {
    fault: "keeps the space after the colon",
    faults: { value: (raw) => raw },
    caughtBy: "one space after the colon is removed, and no more",
    message: /data of event 2 is " test", expected "test"/,
  },
  {
    fault: "treats comments as data",
    faults: { readsComments: true },
    caughtBy: "comments are ignored",
    message: /data of event 1 is "test stream", expected "a\\nb"/,
  },
  {
    fault: "skips fields without a colon",
    faults: { requiresColons: true },
    caughtBy: "a field without a colon has an empty value",
    message: /the client does not dispatch \{"data":""\}/,
  },
  {
    fault: "ignores the letter case of field names",
    faults: { ignoresLetterCase: true },
    caughtBy: "unknown fields are ignored",
    message: /data of event 1 is "no\\nyes", expected "yes"/,
  },
  {
    fault: "fails on invalid UTF-8",
    faults: { givesUpOnBadBytes: true },
    caughtBy: "invalid UTF-8 is replaced, and the stream continues",
    message: /the last event of the stream did not arrive/,
  },
  {
    fault: "drops long lines",
    faults: { longestLine: 65_536 },
    caughtBy: "data may contain NULL and be long",
    message: /the client does not dispatch \{"data":"xxx/,
  },
  {
    fault: "ends lines at LF only",
    faults: { lineEnd: /\n/ },
    caughtBy: "lines end with LF, CR or CRLF",
    message: /data of event 1 is|did not arrive/,
  },
  {
    fault: "takes CR and LF that arrive separately for two line endings",
    faults: { lineEnd: /\r\n|\n|\r/ },
    caughtBy: "CR and LF are one line ending even when they arrive separately",
    message: /data of event 1 is "a", expected "a\\nb"/,
  },
  {
    fault: "keeps the byte order mark",
    faults: { keepsBom: true },
    caughtBy: "one leading byte order mark is removed, and none elsewhere",
    message: /data of event 1 is "3", expected "1"/,
  },
  {
    fault: "keeps the name of the previous event",
    faults: { keepsNames: true },
    caughtBy: "an event name applies to one event only",
    message: /event of event 2 is "tick", expected "message"/,
  },
  {
    fault: "dispatches events without data",
    faults: { dispatchesEmptyEvents: true },
    caughtBy: "an event without data is not dispatched, and its name is discarded",
    message: /event of event 1 is "tick", expected "message"/,
  },
  {
    fault: "forgets the id after each event",
    faults: { forgetsIds: true },
    caughtBy: "an id applies to later events until another id replaces it",
    message: /lastEventId of event 2 is "", expected "1"/,
  },
  {
    fault: "accepts ids with NULL",
    faults: { acceptsNullIds: true },
    caughtBy: "an id that contains NULL is ignored",
    message: /lastEventId of event 2 is "2\\u0000", expected "1"/,
  },
  {
    fault: "decodes each chunk on its own",
    faults: { decodesChunks: true },
    caughtBy: "a character split across chunks is decoded whole",
    message: /data of event 1 is "na.+, expected "naïve 🦩"/,
  },
  {
    fault: "accepts any content type",
    faults: { headers: { accept: "*/*" } },
    caughtBy: "the request accepts text/event-stream",
    message: /Accept is "\*\/\*"/,
  },
  {
    fault: "accepts cached responses",
    faults: { headers: { "cache-control": "max-age=60" } },
    caughtBy: "the request bypasses caches",
    message: /Cache-Control of the request is "max-age=60"/,
  },
  {
    fault: "compares content types exactly",
    faults: { requiresExactType: true },
    caughtBy: "letter case and parameters of the content type do not matter",
    message: /an event from a stream with a charset did not arrive/,
  },
  {
    fault: "does not follow redirects",
    faults: { followsNoRedirect: true },
    caughtBy: "a redirect is followed",
    message: /an event from the redirected stream did not arrive/,
  },
  {
    fault: "never reconnects",
    faults: { neverReconnects: true },
    caughtBy: "it reconnects when the stream ends",
    message: /the client's second request did not arrive/,
  },
  {
    fault: "sends an id that it never received",
    faults: { headers: { "last-event-id": "0" } },
    caughtBy: "without an id, it sends no Last-Event-ID",
    message: /request 1 has Last-Event-ID "0", but the last id is empty/,
  },
  {
    fault: "ignores the content type",
    faults: { ignoresType: true },
    caughtBy: "another content type fails the connection",
    message: /text\/plain/,
  },
  {
    fault: "dispatches incomplete events",
    faults: { dispatchesIncompleteEvents: true },
    caughtBy: "an incomplete event is not dispatched",
    message: /which has no final empty line/,
  },
  {
    fault: "ignores retry",
    faults: { ignoresRetry: true },
    caughtBy: "it waits as long as retry says before it reconnects",
    message: /the reconnection time was 700 ms, and the client reconnected after/,
  },
  {
    fault: "sends no Last-Event-ID",
    faults: { sendsNoLastEventId: true },
    caughtBy: "it reconnects with the last event ID",
    message: /Last-Event-ID is undefined, and the last id was "two"/,
  },
  {
    fault: "reconnects with the id of an incomplete event",
    faults: { sendsIdsOfIncompleteEvents: true },
    caughtBy: "an id without data counts; the id of an incomplete event does not",
    message: /Last-Event-ID is "three"/,
  },
  {
    fault: "reconnects after 204",
    faults: { reconnectsAfter: (status) => status === 204 },
    caughtBy: "204 stops it from reconnecting",
    message: /the response was 204, and the client reconnected/,
  },
  {
    fault: "reconnects after 404",
    faults: { reconnectsAfter: (status) => status === 404 },
    caughtBy: "an error status stops it from reconnecting",
    message: /the response was 404, and the client reconnected/,
  },
  {
    fault: "stays connected after it is closed",
    faults: { staysConnected: true },
    caughtBy: "closing the client closes the connection",
    message: /the end of the connection did not arrive/,
  },
];
