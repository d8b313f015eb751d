import { check } from "../../core/checks.ts";
import { pause } from "../../core/deadline.ts";
import { requireReconnect } from "../context.ts";
import { play, waitsOf } from "../play.ts";
import type { ScriptedResponse } from "../scripted-response.ts";
import { type ClientCase, clientCase, FIRST_STREAM, OPEN_STREAM, QUICK_RETRY, scriptCase } from "./client-case.ts";
import { waitFor } from "../wait.ts";

const group = "Reconnection time";

const BAD_TIMES = ["1x", "-1", "+5", "1.5", "1e1", "0x10", "  7", "7 ", "9,0", "٣٠", "NaN", "1\0", "true", "Infinity"];

const WITH_BAD_TIMES = ["retry:900\n", ...BAD_TIMES.map((text) => `retry:${text}\n`), "data:a\n\n"];

/** More than the 31 bits that timers of JavaScript runtimes take. */
const TOO_LONG_FOR_A_TIMER = 2 ** 31 + 10;

export const retryCases: readonly ClientCase[] = [
  clientCase(
    { group, rule: "retryWait", name: "it waits as long as retry says before it reconnects" },
    async (context, scope) => {
      const quick = { chunks: [QUICK_RETRY, "data:a\n\n"] };
      const script = [quick, quick, quick, { chunks: ["retry:1200\ndata:b\n\n"] }, OPEN_STREAM];
      const { requests } = await play(context, scope, script, { waits: true });
      const waits = await waitsOf(requests.items);
      const shortest = Math.min(...waits.slice(0, 3));
      const last = waits[3]!;
      scope.measure("waitAfterRetry50Ms", shortest);
      scope.measure("waitAfterRetry1200Ms", last);
      // A client may wait some more. One that waits as long after `retry:50` does not follow the field.
      check(
        last - shortest > 300,
        `the client waits ${Math.round(shortest)} ms after retry:50, and ${Math.round(last)} ms after retry:1200`,
      );
    },
  ),
  scriptCase(
    { group, rule: "retryValue", name: "the reconnection time counts on all later connections" },
    [
      { chunks: ["retry:900\ndata:a\n\n"] },
      { chunks: ["data:b\n\n"], breaks: "after the last chunk" },
      { chunks: [":\n"] },
      OPEN_STREAM,
    ],
    { waits: true },
  ),
  scriptCase(
    { group, rule: "retryValue", name: "retry counts without data and without an empty line after it" },
    [{ chunks: ["data:a\n\n", "retry:900\n"] }, { chunks: ["data:b\nretry:1800\n"] }, OPEN_STREAM],
    { waits: true },
  ),
  clientCase(
    { group, rule: "retryValue", name: "retry is a number in base ten, and may be 0" },
    async (context, scope) => {
      const zero = { chunks: ["retry:6000\n", "retry:0\ndata:a\n\n"] };
      const leadingZero = { chunks: ["retry:6000\n", "retry: 02000\ndata:a\n\n"] };
      const playBoth = async (first: ScriptedResponse, second: ScriptedResponse): Promise<void> => {
        const longWaits = async (): Promise<readonly boolean[]> => {
          const { requests } = await play(context, scope, [first, second, OPEN_STREAM], { waits: true });
          return (await waitsOf(requests.items)).slice(0, 2).map((waited) => waited > 5_000);
        };
        const once = await longWaits();
        // Again, before a machine that stood still for a moment counts against the client.
        const again = once.includes(true) ? await longWaits() : [];
        const at = once.findIndex((isLong, index) => isLong && again[index]);
        check(
          at < 0,
          `the client waits more than 5 s after connection ${at + 1}, as if its last retry were not a number`,
        );
      };
      await Promise.all([playBoth(zero, leadingZero), playBoth(leadingZero, zero)]);
    },
  ),
  scriptCase(
    { group, rule: "retryInvalid", name: "a reconnection time that is not only digits is ignored" },
    [{ chunks: WITH_BAD_TIMES }, { chunks: WITH_BAD_TIMES }, OPEN_STREAM],
    { waits: true },
  ),
  clientCase(
    { group, rule: "retryWait", name: "a very long reconnection time is not taken for a short one" },
    async (context, scope) => {
      requireReconnect(context);
      const long = { chunks: [`retry:${TOO_LONG_FOR_A_TIMER}\ndata:a\n\n`] };
      const { requests } = await context.start(scope, [FIRST_STREAM, long, OPEN_STREAM]);
      await waitFor(requests, ({ length }) => length >= 2, scope, "the client's second request");
      await requests.items[1]!.done;
      await pause(2 * scope.clock.settleMs);
      check(
        requests.items.length === 2,
        `the reconnection time is ${TOO_LONG_FOR_A_TIMER} ms, and the client reconnects at once`,
      );
    },
  ),
];
