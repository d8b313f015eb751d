import type { Case, Standard } from "../core/case.ts";
import { check, show } from "../core/checks.ts";
import { pause, within } from "../core/deadline.ts";
import type { Reply } from "./scripted-server.ts";
import { type ClientWorld, mustReconnect, type Play, QUIET_MS, staysAway } from "./world.ts";

const group = "Connecting";
const html = (section: string, sentence: string): Standard => ({ source: `WHATWG HTML ${section}`, sentence });

/** Reconnects come soon: no case is about a client's own default. */
const SOON = "retry:50\n\n";
const soon = (...chunks: readonly string[]): Reply => ({ chunks: [SOON, ...chunks] });
const STAYS: Reply = { stays: true, chunks: ["data:again\n\n"] };

async function comesBack(world: ClientWorld, scope: Parameters<ClientWorld["play"]>[0], first: Reply): Promise<Play> {
  mustReconnect(world);
  const play = await world.play(scope, [first, STAYS]);
  await play.asked.until(({ length }) => length >= 2, scope.patienceMs, "the client's second request");
  return play;
}

export const connectingCases: readonly Case<ClientWorld>[] = [
  {
    group,
    name: "it says that it accepts an event stream",
    standard: html("9.2.2", "Set (`Accept`, `text/event-stream`) in request's header list."),
    async run({ play }, scope) {
      const { asked } = await play(scope, [{ stays: true }]);
      await asked.until(({ length }) => length > 0, scope.patienceMs, "a request");
      const { accept } = asked.items[0]!.headers;
      check(String(accept).includes("text/event-stream"), `Accept is ${show(accept)}`);
    },
  },
  {
    group,
    name: "it wants no answer from a cache",
    standard: html("9.2.2", 'Set request\'s cache mode to "no-store".'),
    async run({ play }, scope) {
      const { asked } = await play(scope, [{ stays: true }]);
      await asked.until(({ length }) => length > 0, scope.patienceMs, "a request");
      const control = asked.items[0]!.headers["cache-control"];
      check(/no-(cache|store)/.test(String(control)), `Cache-Control of the request is ${show(control)}`);
    },
  },
  {
    group,
    name: "letters' case and parameters of the type do not matter",
    standard: html("9.2.3", "If res's `Content-Type` is not `text/event-stream`, then fail the connection."),
    async run({ play }, scope) {
      const headers = { "content-type": "Text/Event-Stream; charset=utf-8" };
      const { heard } = await play(scope, [{ headers, chunks: ["data:a\n\n"], stays: true }]);
      await heard.until(({ length }) => length > 0, scope.patienceMs, "an event of a stream with a charset");
    },
  },
  {
    group,
    name: "another type is no stream",
    standard: html("9.2.3", "If res's `Content-Type` is not `text/event-stream`, then fail the connection."),
    alongside: true,
    async run({ play }, scope) {
      const played = await play(scope, [{ headers: { "content-type": "text/plain" }, chunks: ["data:a\n\n"] }]);
      await staysAway(played, 1, "text/plain was answered, and the client came back");
      check(played.heard.items.length === 0, "the client reads text/plain as a stream");
    },
  },
  {
    group,
    name: "a redirect is followed",
    standard: html(
      "9.2.1",
      "HTTP 301 Moved Permanently, 302 Found, 303 See Other, 307 Temporary Redirect, and 308 Permanent Redirect are handled by the fetching algorithm.",
    ),
    async run({ play }, scope) {
      const { heard } = await play(scope, [
        { status: 307, headers: { location: "?moved" } },
        { chunks: ["data:a\n\n"], stays: true },
      ]);
      await heard.until(({ length }) => length > 0, scope.patienceMs, "an event of a stream that has moved");
    },
  },
  {
    group,
    name: "an event that breaks off is none",
    standard: html(
      "9.2.6",
      "If the file ends in the middle of an event, before the final empty line, the incomplete event is not dispatched.",
    ),
    alongside: true,
    async run({ play }, scope) {
      const { heard, asked } = await play(scope, [soon("data:a\n\n", "data:b\n")]);
      await heard.until(({ length }) => length > 0, scope.patienceMs, "the event before it");
      await asked.items[0]!.over;
      await pause(QUIET_MS);
      check(heard.items.length === 1, `the client tells of ${show(heard.items[1])}, whose empty line never came`);
    },
  },
  {
    group,
    name: "it comes back after the end of a stream",
    standard: html("9.2.3", "Reestablish the connection."),
    async run(world, scope) {
      const { heard } = await comesBack(world, scope, soon("data:a\n\n"));
      await heard.until(
        (events) => events.some(({ data }) => data === "again"),
        scope.patienceMs,
        "an event of the second stream",
      );
    },
  },
  {
    group,
    name: "it waits as long as retry says",
    standard: html(
      "9.2.6",
      "If the field value consists of only ASCII digits, then interpret the field value as an integer in base ten, and set the event stream's reconnection time to that integer. Otherwise, ignore the field.",
    ),
    async run(world, scope) {
      const { asked } = await comesBack(world, scope, { chunks: ["retry:700\n\n", "retry:1x\n\nretry:-1\n\n"] });
      const [first, second] = asked.items;
      const waited = second!.at - first!.at;
      scope.measure("waitedMs", waited);
      check(waited >= 690, `the reconnection time was 700 ms, and the client came back after ${Math.round(waited)}`);
      check(waited < 2_800, `the reconnection time was 700 ms, and the client took ${Math.round(waited)}`);
    },
  },
  {
    group,
    name: "it comes back with the last id",
    standard: html(
      "9.2.4",
      "Let lastEventIDValue be the EventSource object's last event ID string, encoded as UTF-8. Set (`Last-Event-ID`, lastEventIDValue) in request's header list.",
    ),
    async run(world, scope) {
      const { asked } = await comesBack(world, scope, soon("id:one\ndata:a\n\n", "id:two\ndata:b\n\ndata:c\n\n"));
      const id = asked.items[1]!.headers["last-event-id"];
      check(id === "two", `Last-Event-ID is ${show(id)}, and the last id was "two"`);
    },
  },
  {
    group,
    name: "an id without data counts, one of an event that broke off does not",
    standard: html(
      "9.2.6",
      "Set the last event ID string of the event source to the value of the last event ID buffer.",
    ),
    async run(world, scope) {
      const { asked } = await comesBack(world, scope, soon("id:one\ndata:a\n\n", "id:two\n\n", "id:three\ndata:c\n"));
      const id = asked.items[1]!.headers["last-event-id"];
      check(id === "two", `Last-Event-ID is ${show(id)}; "two" came without data, "three" broke off`);
    },
  },
  {
    group,
    name: "without an id it sends none",
    standard: html(
      "9.2.3",
      "If the EventSource object's last event ID string is not the empty string, then: Set (`Last-Event-ID`, lastEventIDValue) in request's header list.",
    ),
    async run(world, scope) {
      const { asked } = await comesBack(world, scope, soon("id:one\ndata:a\n\n", "id:\ndata:b\n\n"));
      for (const [at, { headers }] of asked.items.slice(0, 2).entries())
        check(
          headers["last-event-id"] === undefined,
          `request ${at + 1} has Last-Event-ID ${show(headers["last-event-id"])}, and there was none to send`,
        );
    },
  },
  {
    group,
    name: "204 keeps it away",
    standard: html(
      "9.2.1",
      "Clients will reconnect if the connection is closed; a client can be told to stop reconnecting using the HTTP 204 No Content response code.",
    ),
    alongside: true,
    async run(world, scope) {
      mustReconnect(world);
      const played = await world.play(scope, [soon("data:a\n\n")]);
      await staysAway(played, 2, "204 was answered, and the client came back all the same");
    },
  },
  {
    group,
    name: "a status of failure keeps it away",
    standard: html(
      "9.2.3",
      "Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the connection.",
    ),
    alongside: true,
    async run(world, scope) {
      mustReconnect(world);
      const played = await world.play(scope, [soon("data:a\n\n"), { status: 404 }, STAYS]);
      await staysAway(played, 2, "404 was answered, and the client came back all the same");
    },
  },
  {
    group,
    name: "closing it ends the connection",
    standard: html(
      "9.2.2",
      "The close() method must abort any instances of the fetch algorithm started for this EventSource object, and must set the readyState attribute to CLOSED.",
    ),
    alongside: true,
    async run({ play }, scope) {
      const { heard, asked, leave } = await play(scope, [{ chunks: ["data:a\n\n"], stays: true }]);
      await heard.until(({ length }) => length > 0, scope.patienceMs, "an event");
      await leave();
      await within(asked.items[0]!.over, scope.patienceMs, "the end of a connection that was closed");
      await pause(QUIET_MS);
      check(asked.items.length === 1, "the client was closed, and came back");
    },
  },
];
