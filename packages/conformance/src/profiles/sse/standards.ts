import type { Standard } from "../../core/case.ts";

const html = (section: string, sentence: string): Standard => ({ source: `WHATWG HTML ${section}`, sentence });

/** Sentences from the standard for server-sent events (html.spec.whatwg.org, section 9.2) and from HTTP. */
export const STANDARD = {
  status: html(
    "9.2.3",
    "If res is an aborted network error, then fail the connection. Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the connection.",
  ),
  type: html("9.2.3", "If res's `Content-Type` is not `text/event-stream`, then fail the connection."),
  charset: html("9.2.5", "Event streams in this format must always be encoded as UTF-8."),
  cache: {
    source: "RFC 9111 5.2.2.4",
    sentence:
      "The no-cache response directive indicates that the response MUST NOT be used to satisfy any other request without forwarding it for validation and receiving a successful response.",
  },
  length: {
    source: "RFC 9112 6.3",
    sentence:
      "If a valid Content-Length header field is present without Transfer-Encoding, its decimal value defines the expected message body length in octets.",
  },
  buffering: html(
    "9.2.7",
    "Authors are also cautioned that HTTP chunking can have unexpected negative effects on the reliability of this protocol, in particular if the chunking is done by a different layer unaware of the timing requirements.",
  ),
  fields: html("9.2.6", "The field is ignored."),
  end: html(
    "9.2.6",
    "Once the end of the file is reached, any pending data must be discarded. (If the file ends in the middle of an event, before the final empty line, the incomplete event is not dispatched.)",
  ),
  data: html(
    "9.2.6",
    "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and return.",
  ),
  retry: html(
    "9.2.6",
    "If the field value consists of only ASCII digits, then interpret the field value as an integer in base ten, and set the event stream's reconnection time to that integer. Otherwise, ignore the field.",
  ),
  id: html(
    "9.2.6",
    "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value. Otherwise, ignore the field.",
  ),
  json: {
    source: "SSE baseline plan 6",
    sentence: "All events follow SSE spec; data payloads are valid JSON; event names are non-empty.",
  },
  order: {
    source: "SSE baseline plan 6",
    sentence: "Events arrive in causal order.",
  },
  listeners: {
    source: "SSE baseline plan 13",
    sentence: "When task sends events, Then all clients receive same events.",
  },
  heartbeat: html(
    "9.2.7",
    "To protect against such proxy servers, authors can include a comment line (one starting with a ':' character) every 15 seconds or so.",
  ),
  reconnect: html("9.2.3", "Wait a delay equal to the reconnection time of the event source."),
  sameId: html("9.2.6", "Set the last event ID string of the event source to the value of the last event ID buffer."),
  during: html(
    "9.2.7",
    "Legacy proxy servers are known to, in certain cases, drop HTTP connections after a short timeout.",
  ),
  resume: html(
    "9.2.4",
    "The `Last-Event-ID` HTTP request header reports an EventSource object's last event ID string to the server when the user agent is to reestablish the connection.",
  ),
} as const satisfies Readonly<Record<string, Standard>>;
