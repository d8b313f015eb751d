import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { judge } from "../../model/judge.ts";
import type { Recording } from "../../stream/recording.ts";
import { everyConnection, timeoutMs } from "./every-connection.ts";
import { idsOf } from "./play.ts";
import { STANDARD } from "./standards.ts";
import type { SseContext } from "./target.ts";

const group = "Flow";

/** Chunks this close to the end of the stream, in milliseconds, count as sent with the end. */
const AT_THE_END_MS = 50;

/** When events must arrive, and where. */
export const flowCases: readonly Case<SseContext>[] = [
  {
    group,
    name: "events arrive when they are sent, not when the stream ends or the next one comes",
    standard: STANDARD.buffering,
    timeoutMs,
    async run({ target, play }, scope) {
      const { first, late } = await play();
      scope.log.include(first.log);
      const { items } = first.stream.chunks;
      if (items.length > 0) scope.measure("firstByteMs", items[0]!.offsetMs);
      if (target.trigger)
        check(
          late.length === 0,
          `trigger ${late[0]} was called, but no event came within ${scope.clock.patienceMs} ms`,
        );
      else if (items.length === 0 && first.end === "still open")
        notOffered(
          `no byte arrived within ${scope.clock.listenMs} ms (add --trigger to make the server send an event)`,
        );
      const lasted = lastedMs(first);
      if (lasted === undefined) return;
      if (lasted < 4 * AT_THE_END_MS) notOffered(`the stream ended after ${Math.round(lasted)} ms`);
      const isEarly = items.some(({ offsetMs }) => offsetMs - first.stream.headMs < lasted - AT_THE_END_MS);
      check(
        isEarly,
        `nothing arrived for ${Math.round(lasted)} ms, then everything at the end: the stream is buffered`,
      );
    },
  },
  everyConnection(group, "events arrive in causal order", STANDARD.order, ({ events }) => orderFault(idsOf(events))),
  {
    group,
    name: "every open connection gets each event",
    standard: STANDARD.listeners,
    timeoutMs,
    async run({ target, play }, scope) {
      const { first, leaver, before } = await play();
      if (!target.trigger || !leaver) notOffered("there is no trigger (--trigger)");
      const happened = idsOf(first.events.slice(before));
      const got = idsOf(leaver.events);
      // The leaver left after the last event that it got. A server may give each connection ids of its own.
      const until = happened.findLastIndex((id) => got.includes(id));
      const missed = happened.slice(0, Math.max(0, until)).find((id) => !got.includes(id));
      judge([leaver], scope, () =>
        missed === undefined ? undefined : `the event ${show(missed)} reached another connection, and not this one`,
      );
      const names = new Set(first.events.slice(before).map(({ event }) => event));
      const count = leaver.events.filter(({ event }) => names.has(event)).length;
      judge([leaver], scope, () =>
        count >= LIVE ? undefined : `${LIVE} events happened, and ${count} reached this connection`,
      );
    },
  },
  {
    group,
    name: "an idle stream gets heartbeats",
    standard: STANDARD.heartbeat,
    alongside: true,
    timeoutMs: (clock) => timeoutMs(clock) + 4 * clock.silenceMs,
    async run({ idle }, scope) {
      const { silenceMs } = scope.clock;
      const streams = await idle();
      if (streams.every(({ end }) => end !== "still open")) notOffered("the stream ends before a heartbeat is due");
      judge(
        streams.filter(({ end }) => end === "still open"),
        scope,
        ({ stream, lagMs }) => {
          const times = [stream.headMs, ...stream.chunks.items.map(({ offsetMs }) => offsetMs), stream.nowMs];
          const longest = Math.max(...times.slice(1).map((time, at) => time - times[at]!));
          scope.measure("silenceMs", longest);
          // Twice the interval, to allow for loaded machines.
          return longest > silenceMs + lagMs
            ? `no byte arrived for ${silenceMs} ms: proxies close connections that are idle for so long`
            : undefined;
        },
      );
    },
  },
];

/** How many events happen while the leaver listens. */
const LIVE = 3;

const lastedMs = ({ end, stream }: Recording): number | undefined =>
  end === "still open" ? undefined : stream.endMs - stream.headMs;

/** Ids that end in a number must ascend, and none may come twice. */
function orderFault(ids: readonly string[]): string | undefined {
  const places = ids.map((id) => /^(.*?)(\d+)$/.exec(id));
  for (const [at, place] of places.entries()) {
    if (ids.indexOf(ids[at]!) < at) return `the id ${show(ids[at])} came twice on one stream`;
    const last = places[at - 1];
    if (!place || !last || place[1] !== last[1]) continue;
    if (Number(place[2]) < Number(last[2]))
      return `the id ${show(ids[at])} came after ${show(ids[at - 1])}: out of order`;
  }
  return undefined;
}
