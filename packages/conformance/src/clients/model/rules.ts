import type { Standard } from "../../core/case.ts";

const html = (section: string, sentence: string): Standard => ({ source: `WHATWG HTML ${section}`, sentence });

/** What the standard requires of a client, sentence by sentence. Each case and each mutant of a client names one of these. */
export const RULES = {
  accept: html("9.2.2", "User agents may set (`Accept`, `text/event-stream`) in request's header list."),
  noStore: html("9.2.2", 'Set request\'s cache mode to "no-store".'),
  utf8: html("9.2.6", "Streams must be decoded using the UTF-8 decode algorithm."),
  onlyUtf8: html(
    "9.2.1",
    "Event streams are always decoded as UTF-8. There is no way to specify another character encoding.",
  ),
  byteOrderMark: html("9.2.6", "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."),
  lineEnds: html(
    "9.2.6",
    "The stream must then be parsed by reading everything line by line, with a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character pair, a single U+000A LINE FEED (LF) character not preceded by a U+000D CARRIAGE RETURN (CR) character, and a single U+000D CARRIAGE RETURN (CR) character not followed by a U+000A LINE FEED (LF) character being the ways in which a line can end.",
  ),
  characters: html(
    "9.2.5",
    "any-char = %x0000-0009 / %x000B-000C / %x000E-10FFFF ; a scalar value other than U+000A LINE FEED (LF) or U+000D CARRIAGE RETURN (CR)",
  ),
  order: html("9.2.6", "Lines must be processed, in the order they are received, as follows."),
  comment: html("9.2.6", "If the line starts with a U+003A COLON character (:): Ignore the line."),
  firstColon: html(
    "9.2.6",
    "Collect the characters on the line after the first U+003A COLON character (:), and let value be that string.",
  ),
  oneSpace: html("9.2.6", "If value starts with a U+0020 SPACE character, remove it from value."),
  noColon: html(
    "9.2.6",
    "Process the field using the steps described below, using the whole line as the field name, and the empty string as the field value.",
  ),
  literalNames: html("9.2.6", "Field names must be compared literally, with no case folding performed."),
  unknownField: html("9.2.6", "Otherwise: The field is ignored."),
  eventType: html("9.2.6", 'If the field name is "event": Set the event type buffer to the field value.'),
  dataLines: html(
    "9.2.6",
    "Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character to the data buffer. […] If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove the last character from the data buffer.",
  ),
  noData: html(
    "9.2.6",
    "If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and return.",
  ),
  buffersEmptied: html("9.2.6", "Set the data buffer and the event type buffer to the empty string."),
  idValue: html(
    "9.2.6",
    "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value.",
  ),
  idWithNull: html(
    "9.2.6",
    "If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value. Otherwise, ignore the field.",
  ),
  idStays: html(
    "9.2.6",
    "The buffer does not get reset, so the last event ID string of the event source remains set to this value until the next time it is set by the server.",
  ),
  idOnDispatch: html(
    "9.2.6",
    "Set the last event ID string of the event source to the value of the last event ID buffer.",
  ),
  retryValue: html(
    "9.2.6",
    "If the field value consists of only ASCII digits, then interpret the field value as an integer in base ten, and set the event stream's reconnection time to that integer.",
  ),
  retryInvalid: html(
    "9.2.6",
    "If the field value consists of only ASCII digits, then interpret the field value as an integer in base ten, and set the event stream's reconnection time to that integer. Otherwise, ignore the field.",
  ),
  retryWait: html("9.2.3", "Wait a delay equal to the reconnection time of the event source."),
  endOfFile: html(
    "9.2.6",
    "Once the end of the file is reached, any pending data must be discarded. (If the file ends in the middle of an event, before the final empty line, the incomplete event is not dispatched.)",
  ),
  freshBuffers: html(
    "9.2.6",
    "When a stream is parsed, a data buffer, an event type buffer, and a last event ID buffer must be associated with it. They must be initialized to the empty string.",
  ),
  reconnect: html(
    "9.2.1",
    "Clients will reconnect if the connection is closed; a client can be told to stop reconnecting using the HTTP 204 No Content response code.",
  ),
  noResponse: html(
    "9.2.2",
    "Otherwise, if res is a network error, then reestablish the connection, unless the user agent knows that to be futile, in which case the user agent may fail the connection.",
  ),
  lastEventIdHeader: html("9.2.3", "Set (`Last-Event-ID`, lastEventIDValue) in request's header list."),
  lastEventIdUtf8: html(
    "9.2.3",
    "Let lastEventIDValue be the EventSource object's last event ID string, encoded as UTF-8.",
  ),
  noLastEventId: html(
    "9.2.6",
    'The third block […] also has an "id" field, this time with no value, which resets the last event ID to the empty string (meaning no `Last-Event-ID` header will now be sent in the event of a reconnection being attempted).',
  ),
  redirect: html(
    "9.2.1",
    "Event stream requests can be redirected using HTTP 301 and 307 redirects as with normal HTTP requests.",
  ),
  noContent: html(
    "9.2.1",
    "Clients will reconnect if the connection is closed; a client can be told to stop reconnecting using the HTTP 204 No Content response code.",
  ),
  status: html(
    "9.2.2",
    "Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the connection.",
  ),
  contentType: html(
    "9.2.2",
    "Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the connection.",
  ),
  states: html(
    "9.2.3",
    "[…] sets the readyState attribute to OPEN and fires an event named open at the EventSource object. […] Set the readyState attribute to CONNECTING. Fire an event named error at the EventSource object.",
  ),
  stateClosed: html(
    "9.2.3",
    "Sets the readyState attribute to CLOSED and fires an event named error at the EventSource object. Once the user agent has failed the connection, it does not attempt to reconnect.",
  ),
  close: html(
    "9.2.2",
    "The close() method must abort any instances of the fetch algorithm started for this EventSource object, and must set the readyState attribute to CLOSED.",
  ),
  closedIsSilent: html(
    "9.2.6",
    "Queue a task which, if the readyState attribute is set to a value other than CLOSED, dispatches the newly created event.",
  ),
} as const satisfies Readonly<Record<string, Standard>>;

export type RuleName = keyof typeof RULES;
