import { type ClientCase, clientCase, FIRST_STREAM, OPEN_STREAM, scriptCase } from "./client-case.ts";
import type { RuleName } from "../model/rules.ts";
import { requireReconnect } from "../context.ts";
import { play } from "../play.ts";
import type { ScriptedResponse } from "../scripted-response.ts";

const group = "Statuses and types";

/** Plays the response as the first and as a later one: the client must read none of it, and must not reconnect. */
const mustStop = (rule: RuleName, name: string, responses: readonly ScriptedResponse[]): ClientCase =>
  clientCase({ group, rule, name }, async (context, scope) => {
    requireReconnect(context);
    const chunks = ["data:not for the application\n\n"];
    const scripts = responses.flatMap((response) => {
      const refusal = response.status === 204 ? response : { chunks, ...response };
      return [
        [refusal, OPEN_STREAM],
        [FIRST_STREAM, refusal, OPEN_STREAM],
      ];
    });
    await Promise.all(scripts.map((script) => play(context, scope, script)));
  });

const statuses = (...numbers: readonly number[]): ScriptedResponse[] => numbers.map((status) => ({ status }));
const types = (...texts: readonly string[]): ScriptedResponse[] =>
  texts.map((text) => ({ headers: { "content-type": text } }));

const STREAM_TYPES = [
  "Text/Event-Stream; charset=utf-8",
  "text/event-stream;charset=UTF-8",
  "TEXT/EVENT-STREAM ; x=y",
] as const;

export const statusCases: readonly ClientCase[] = [
  mustStop("noContent", "204 stops it from reconnecting", statuses(204)),
  mustStop("status", "200 is the only status of a stream", statuses(201, 202, 206)),
  mustStop("status", "401, 403 and 404 stop it from reconnecting", statuses(400, 401, 403, 404)),
  mustStop("status", "429, 500 and 503 stop it from reconnecting", statuses(429, 500, 502, 503)),
  mustStop(
    "contentType",
    "another content type fails the connection",
    types(
      "text/plain",
      "application/json",
      "text/event-streams",
      "application/text/event-stream",
      "text/html; text/event-stream",
    ),
  ),
  mustStop("contentType", "a response without a content type fails the connection", types("")),
  clientCase(
    { group, rule: "contentType", name: "letter case and parameters of the content type do not matter" },
    async (context, scope) => {
      const streams = types(...STREAM_TYPES);
      // Each on a first connection and on a later one.
      const scripts = streams.map((stream, at): ScriptedResponse[] => {
        const other = { ...streams[(at + 1) % streams.length], ...OPEN_STREAM };
        return context.driver.reconnects ? [{ ...stream, ...FIRST_STREAM }, other] : [other];
      });
      await Promise.all(scripts.map((script) => play(context, scope, script)));
    },
  ),
  scriptCase({ group, rule: "onlyUtf8", name: "another charset in the content type changes nothing" }, [
    { headers: { "content-type": "text/event-stream; charset=iso-8859-1" }, chunks: ["retry:50\ndata:naïve\n\n"] },
    { headers: { "content-type": "text/event-stream; charset=utf-16" }, chunks: ["data:naïve\n\n"], staysOpen: true },
  ]),
];
