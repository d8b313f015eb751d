import type { ClientFaults } from "./sse-client.ts";

/** A client with one fault, the case that is meant for it, and what the message must name. */
export interface BrokenClient {
  readonly fault: string;
  readonly faults: ClientFaults;
  readonly found: string;
  readonly message: RegExp;
}

export const BROKEN_CLIENTS: readonly BrokenClient[] = [
  {
    fault: "joins lines of data without a line feed",
    faults: { joinsWith: "" },
    found: "data over several lines is joined by line feeds",
    message: /data of event 1 is "YHOO\+210", and should be "YHOO\\n\+2\\n10"/,
  },
  {
    fault: "trims its data",
    faults: { value: (raw) => raw.trim() },
    found: "one space after the colon is taken off, and no more",
    message: /data of event 3 is "test", and should be " test "/,
  },
  {
    fault: "takes no space off",
    faults: { value: (raw) => raw },
    found: "one space after the colon is taken off, and no more",
    message: /data of event 2 is " test", and should be "test"/,
  },
  {
    fault: "takes comments for data",
    faults: { readsComments: true },
    found: "comments are ignored",
    message: /data of event 1 is "test stream", and should be "a\\nb"/,
  },
  {
    fault: "skips fields without a colon",
    faults: { wantsColons: true },
    found: "a field without a colon has an empty value",
    message: /the client does not tell of \{"data":""\}/,
  },
  {
    fault: "does not tell letters' case in names of fields",
    faults: { ignoresLetterCase: true },
    found: "fields with other names are ignored",
    message: /data of event 1 is "no\\nyes", and should be "yes"/,
  },
  {
    fault: "gives up on bytes that are no UTF-8",
    faults: { givesUpOnBadBytes: true },
    found: "bytes that are no UTF-8 are replaced, and the stream goes on",
    message: /the last event of the stream did not come/,
  },
  {
    fault: "drops long lines",
    faults: { longestLine: 65_536 },
    found: "data may hold a NULL, and be long",
    message: /the client does not tell of \{"data":"xxx/,
  },
  {
    fault: "knows only LF",
    faults: { lineEnd: /\n/ },
    found: "lines end with LF, CR, or both",
    message: /data of event 1 is|did not come/,
  },
  {
    fault: "takes CR and LF that arrive apart for two line ends",
    faults: { lineEnd: /\r\n|\n|\r/ },
    found: "CR and LF are one line end even when they arrive apart",
    message: /data of event 1 is "a", and should be "a\\nb"/,
  },
  {
    fault: "leaves the byte order mark",
    faults: { keepsBom: true },
    found: "one byte order mark is taken off at the beginning, and nowhere else",
    message: /data of event 1 is "3", and should be "1"/,
  },
  {
    fault: "keeps the name of the last event",
    faults: { keepsNames: true },
    found: "an event has the name that it is given, and the next one has none",
    message: /event of event 2 is "tick", and should be "message"/,
  },
  {
    fault: "tells of events without data",
    faults: { tellsOfEmptyEvents: true },
    found: "an event without data is none, and its name is forgotten",
    message: /event of event 1 is "tick", and should be "message"/,
  },
  {
    fault: "forgets the id with each event",
    faults: { forgetsIds: true },
    found: "an id counts for the events after it too, until there is another",
    message: /lastEventId of event 2 is "", and should be "1"/,
  },
  {
    fault: "takes ids with a NULL",
    faults: { acceptsNullIds: true },
    found: "an id with a NULL is ignored",
    message: /lastEventId of event 2 is "2\\u0000", and should be "1"/,
  },
  {
    fault: "decodes each chunk by itself",
    faults: { decodesChunks: true },
    found: "characters are put together that arrive in parts",
    message: /data of event 1 is "na.+, and should be "naïve 🦩"/,
  },
  {
    fault: "accepts anything",
    faults: { headers: { accept: "*/*" } },
    found: "it says that it accepts an event stream",
    message: /Accept is "\*\/\*"/,
  },
  {
    fault: "is content with a cache",
    faults: { headers: { "cache-control": "max-age=60" } },
    found: "it wants no answer from a cache",
    message: /Cache-Control of the request is "max-age=60"/,
  },
  {
    fault: "compares types letter by letter",
    faults: { wantsExactType: true },
    found: "letters' case and parameters of the type do not matter",
    message: /an event of a stream with a charset did not come/,
  },
  {
    fault: "follows no redirect",
    faults: { followsNoRedirect: true },
    found: "a redirect is followed",
    message: /an event of a stream that has moved did not come/,
  },
  {
    fault: "never comes back",
    faults: { neverComesBack: true },
    found: "it comes back after the end of a stream",
    message: /the client's second request did not come/,
  },
  {
    fault: "makes up an id",
    faults: { headers: { "last-event-id": "0" } },
    found: "without an id it sends none",
    message: /request 1 has Last-Event-ID "0", and there was none to send/,
  },
  {
    fault: "reads whatever comes",
    faults: { ignoresType: true },
    found: "another type is no stream",
    message: /text\/plain/,
  },
  {
    fault: "tells of an event that broke off",
    faults: { tellsOfBrokenEvents: true },
    found: "an event that breaks off is none",
    message: /whose empty line never came/,
  },
  {
    fault: "ignores retry",
    faults: { ignoresRetry: true },
    found: "it waits as long as retry says",
    message: /the reconnection time was 700 ms, and the client came back after/,
  },
  {
    fault: "sends no Last-Event-ID",
    faults: { sendsNoLastEventId: true },
    found: "it comes back with the last id",
    message: /Last-Event-ID is undefined, and the last id was "two"/,
  },
  {
    fault: "comes back with the id of an event that broke off",
    faults: { sendsIdsOfBrokenEvents: true },
    found: "an id without data counts, one of an event that broke off does not",
    message: /Last-Event-ID is "three"/,
  },
  {
    fault: "comes back after 204",
    faults: { comesBackAfter: (status) => status === 204 },
    found: "204 keeps it away",
    message: /204 was answered, and the client came back all the same/,
  },
  {
    fault: "comes back after 404",
    faults: { comesBackAfter: (status) => status === 404 },
    found: "a status of failure keeps it away",
    message: /404 was answered, and the client came back all the same/,
  },
  {
    fault: "stays connected when it is closed",
    faults: { staysConnected: true },
    found: "closing it ends the connection",
    message: /the end of a connection that was closed did not come/,
  },
];
