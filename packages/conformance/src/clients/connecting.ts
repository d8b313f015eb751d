import type { Case, Standard } from "../core/case.ts";
import { check, show } from "../core/checks.ts";
import { pause, within } from "../core/deadline.ts";
import type { Scope } from "../core/scope.ts";
import type { ScriptedResponse } from "./scripted-server.ts";
import { type ClientContext, requireReconnect, type ClientRun, SETTLE_MS, expectNoMoreRequests } from "./context.ts";

const group = "Connecting";
const html = (section: string, sentence: string): Standard => ({ source: `WHATWG HTML ${section}`, sentence });

/** A short reconnection time, so that no case waits for a client's default. */
const QUICK_RETRY = "retry:50\n\n";
const withQuickRetry = (...chunks: readonly string[]): ScriptedResponse => ({ chunks: [QUICK_RETRY, ...chunks] });
const OPEN_STREAM: ScriptedResponse = { staysOpen: true, chunks: ["data:again\n\n"] };

async function startAndAwaitReconnect(
  context: ClientContext,
  scope: Scope,
  response: ScriptedResponse,
): Promise<ClientRun> {
  requireReconnect(context);
  const run = await context.start(scope, [response, OPEN_STREAM]);
  await run.requests.until(({ length }) => length >= 2, scope.patienceMs, "the client's second request");
  return run;
}

export const connectingCases: readonly Case<ClientContext>[] = [
  {
    group,
    name: "the request accepts text/event-stream",
    standard: html("9.2.2", "Set (`Accept`, `text/event-stream`) in request's header list."),
    async run({ start }, scope) {
      const { requests } = await start(scope, [{ staysOpen: true }]);
      await requests.until(({ length }) => length > 0, scope.patienceMs, "a request");
      const { accept } = requests.items[0]!.headers;
      check(String(accept).includes("text/event-stream"), `Accept is ${show(accept)}`);
    },
  },
  {
    group,
    name: "the request bypasses caches",
    standard: html("9.2.2", 'Set request\'s cache mode to "no-store".'),
    async run({ start }, scope) {
      const { requests } = await start(scope, [{ staysOpen: true }]);
      await requests.until(({ length }) => length > 0, scope.patienceMs, "a request");
      const control = requests.items[0]!.headers["cache-control"];
      check(/no-(cache|store)/.test(String(control)), `Cache-Control of the request is ${show(control)}`);
    },
  },
  {
    group,
    name: "letter case and parameters of the content type do not matter",
    standard: html("9.2.3", "If res's `Content-Type` is not `text/event-stream`, then fail the connection."),
    async run({ start }, scope) {
      const headers = { "content-type": "Text/Event-Stream; charset=utf-8" };
      const { events } = await start(scope, [{ headers, chunks: ["data:a\n\n"], staysOpen: true }]);
      await events.until(({ length }) => length > 0, scope.patienceMs, "an event from a stream with a charset");
    },
  },
  {
    group,
    name: "another content type fails the connection",
    standard: html("9.2.3", "If res's `Content-Type` is not `text/event-stream`, then fail the connection."),
    alongside: true,
    async run({ start }, scope) {
      const run = await start(scope, [{ headers: { "content-type": "text/plain" }, chunks: ["data:a\n\n"] }]);
      await expectNoMoreRequests(run, 1, "the response was text/plain, and the client reconnected");
      check(run.events.items.length === 0, "the client reads text/plain as a stream");
    },
  },
  {
    group,
    name: "a redirect is followed",
    standard: html(
      "9.2.1",
      "HTTP 301 Moved Permanently, 302 Found, 303 See Other, 307 Temporary Redirect, and 308 Permanent Redirect are handled by the fetching algorithm.",
    ),
    async run({ start }, scope) {
      const { events } = await start(scope, [
        { status: 307, headers: { location: "?moved" } },
        { chunks: ["data:a\n\n"], staysOpen: true },
      ]);
      await events.until(({ length }) => length > 0, scope.patienceMs, "an event from the redirected stream");
    },
  },
  {
    group,
    name: "an incomplete event is not dispatched",
    standard: html(
      "9.2.6",
      "If the file ends in the middle of an event, before the final empty line, the incomplete event is not dispatched.",
    ),
    alongside: true,
    async run({ start }, scope) {
      const { events, requests } = await start(scope, [withQuickRetry("data:a\n\n", "data:b\n")]);
      await events.until(({ length }) => length > 0, scope.patienceMs, "the complete event");
      await requests.items[0]!.closed;
      await pause(SETTLE_MS);
      check(events.items.length === 1, `the client dispatches ${show(events.items[1])}, which has no final empty line`);
    },
  },
  {
    group,
    name: "it reconnects when the stream ends",
    standard: html("9.2.3", "Reestablish the connection."),
    async run(context, scope) {
      const { events } = await startAndAwaitReconnect(context, scope, withQuickRetry("data:a\n\n"));
      await events.until(
        (items) => items.some(({ data }) => data === "again"),
        scope.patienceMs,
        "an event from the second stream",
      );
    },
  },
  {
    group,
    name: "it waits as long as retry says before it reconnects",
    standard: html(
      "9.2.6",
      "If the field value consists of only ASCII digits, then interpret the field value as an integer in base ten, and set the event stream's reconnection time to that integer. Otherwise, ignore the field.",
    ),
    async run(context, scope) {
      const { requests } = await startAndAwaitReconnect(context, scope, {
        chunks: ["retry:700\n\n", "retry:1x\n\nretry:-1\n\n"],
      });
      const [first, second] = requests.items;
      const waited = second!.at - first!.at;
      scope.measure("waitedMs", waited);
      check(
        waited >= 690,
        `the reconnection time was 700 ms, and the client reconnected after ${Math.round(waited)} ms`,
      );
      check(waited < 2_800, `the reconnection time was 700 ms, and the client waited ${Math.round(waited)} ms`);
    },
  },
  {
    group,
    name: "it reconnects with the last event ID",
    standard: html(
      "9.2.4",
      "Let lastEventIDValue be the EventSource object's last event ID string, encoded as UTF-8. Set (`Last-Event-ID`, lastEventIDValue) in request's header list.",
    ),
    async run(context, scope) {
      const { requests } = await startAndAwaitReconnect(
        context,
        scope,
        withQuickRetry("id:one\ndata:a\n\n", "id:two\ndata:b\n\ndata:c\n\n"),
      );
      const id = requests.items[1]!.headers["last-event-id"];
      check(id === "two", `Last-Event-ID is ${show(id)}, and the last id was "two"`);
    },
  },
  {
    group,
    name: "an id without data counts; the id of an incomplete event does not",
    standard: html(
      "9.2.6",
      "Set the last event ID string of the event source to the value of the last event ID buffer.",
    ),
    async run(context, scope) {
      const { requests } = await startAndAwaitReconnect(
        context,
        scope,
        withQuickRetry("id:one\ndata:a\n\n", "id:two\n\n", "id:three\ndata:c\n"),
      );
      const id = requests.items[1]!.headers["last-event-id"];
      check(id === "two", `Last-Event-ID is ${show(id)}, expected "two"; the event "three" was incomplete`);
    },
  },
  {
    group,
    name: "without an id, it sends no Last-Event-ID",
    standard: html(
      "9.2.3",
      "If the EventSource object's last event ID string is not the empty string, then: Set (`Last-Event-ID`, lastEventIDValue) in request's header list.",
    ),
    async run(context, scope) {
      const { requests } = await startAndAwaitReconnect(
        context,
        scope,
        withQuickRetry("id:one\ndata:a\n\n", "id:\ndata:b\n\n"),
      );
      for (const [at, { headers }] of requests.items.slice(0, 2).entries())
        check(
          headers["last-event-id"] === undefined,
          `request ${at + 1} has Last-Event-ID ${show(headers["last-event-id"])}, but the last id is empty`,
        );
    },
  },
  {
    group,
    name: "204 stops it from reconnecting",
    standard: html(
      "9.2.1",
      "Clients will reconnect if the connection is closed; a client can be told to stop reconnecting using the HTTP 204 No Content response code.",
    ),
    alongside: true,
    async run(context, scope) {
      requireReconnect(context);
      const run = await context.start(scope, [withQuickRetry("data:a\n\n")]);
      await expectNoMoreRequests(run, 2, "the response was 204, and the client reconnected");
    },
  },
  {
    group,
    name: "an error status stops it from reconnecting",
    standard: html(
      "9.2.3",
      "Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the connection.",
    ),
    alongside: true,
    async run(context, scope) {
      requireReconnect(context);
      const run = await context.start(scope, [withQuickRetry("data:a\n\n"), { status: 404 }, OPEN_STREAM]);
      await expectNoMoreRequests(run, 2, "the response was 404, and the client reconnected");
    },
  },
  {
    group,
    name: "closing the client closes the connection",
    standard: html(
      "9.2.2",
      "The close() method must abort any instances of the fetch algorithm started for this EventSource object, and must set the readyState attribute to CLOSED.",
    ),
    alongside: true,
    async run({ start }, scope) {
      const { events, requests, close } = await start(scope, [{ chunks: ["data:a\n\n"], staysOpen: true }]);
      await events.until(({ length }) => length > 0, scope.patienceMs, "an event");
      await close();
      await within(requests.items[0]!.closed, scope.patienceMs, "the end of the connection");
      await pause(SETTLE_MS);
      check(requests.items.length === 1, "the client was closed, but reconnected");
    },
  },
];
