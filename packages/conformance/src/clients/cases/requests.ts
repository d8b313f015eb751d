import { check, show } from "../../core/checks.ts";
import { play } from "../play.ts";
import type { ScriptedResponse } from "../scripted-response.ts";
import { type ClientCase, clientCase, FIRST_STREAM, OPEN_STREAM } from "./client-case.ts";
import { waitFor } from "../wait.ts";

const group = "Requests";

/** Whether a media range of an Accept header includes event streams. */
const includesStreams = (accept: string): boolean =>
  accept.split(",").some((range) => /^\s*(text\/event-stream|text\/\*|\*\/\*)\s*(;|$)/i.test(range));

export const requestCases: readonly ClientCase[] = [
  clientCase(
    { group, rule: "accept", name: "no request rules out text/event-stream" },
    async ({ start, driver }, scope) => {
      const { requests } = await start(scope, [FIRST_STREAM, OPEN_STREAM]);
      const count = driver.reconnects ? 2 : 1;
      await waitFor(requests, ({ length }) => length >= count, scope, `request ${count}`);
      for (const { headers } of requests.items) {
        const { accept = "*/*" } = headers;
        check(includesStreams(String(accept)), `Accept is ${show(accept)}`);
      }
    },
  ),
  clientCase({ group, rule: "noStore", name: "every request bypasses caches" }, async ({ start, driver }, scope) => {
    const { requests } = await start(scope, [FIRST_STREAM, OPEN_STREAM]);
    const count = driver.reconnects ? 2 : 1;
    await waitFor(requests, ({ length }) => length >= count, scope, `request ${count}`);
    for (const { headers } of requests.items) {
      const control = headers["cache-control"];
      check(/no-(cache|store)/.test(String(control)), `Cache-Control of a request is ${show(control)}`);
    }
  }),
  clientCase(
    { group, rule: "redirect", name: "redirects are followed, and the Last-Event-ID goes along" },
    async (context, scope) => {
      const scripts = [301, 302, 303, 307, 308].map((status): ScriptedResponse[] => {
        const first = { status, headers: { location: "?moved" } };
        const again = { status, headers: { location: "?moved=again" } };
        const [stream, last] = [{ chunks: ["retry:50\nid:7\ndata:a\n\n"] }, OPEN_STREAM];
        return context.driver.reconnects ? [first, stream, again, last] : [first, last];
      });
      await Promise.all(scripts.map((script) => play(context, scope, script, { lastEventIds: true })));
    },
  ),
];
