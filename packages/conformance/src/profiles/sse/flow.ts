import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { pause } from "../../core/deadline.ts";
import type { ReceivedEvent, SseStream } from "../../stream/sse-stream.ts";
import { STANDARD } from "./standards.ts";
import { type SseContext, TRIGGER_COUNT } from "./target.ts";

const group = "Flow";

/** Chunks this close to the end of the stream, in milliseconds, count as sent with the end. */
const AT_THE_END_MS = 50;

/** When events must arrive. */
export const flowCases: readonly Case<SseContext>[] = [
  {
    group,
    name: "events arrive when they are sent, not when the stream ends",
    standard: STANDARD.buffering,
    timeoutMs: ({ listenMs }) => 30_000 + 2 * listenMs,
    async run(context, scope) {
      const { target, listenMs } = context;
      const stream = await context.open(scope);
      const from = performance.now();
      const ended = stream.ended.then(() => "ended" as const);
      const listened = pause(listenMs).then(() => "listened" as const);
      const triggered = target.trigger && triggerAfterFirstByte(stream, target.trigger, listenMs);
      const { items } = stream.chunks;
      const firstMs = target.trigger ? scope.patienceMs : listenMs;
      await stream.chunks.until(({ length }) => length > 0, firstMs, "a byte").catch(() => undefined);
      await triggered;
      if (items.length === 0 && !stream.chunks.isOver) {
        check(target.trigger === undefined, `the trigger was called, but no byte arrived within ${firstMs} ms`);
        notOffered(`no byte arrived within ${firstMs} ms (add --trigger to make the server send an event)`);
      }
      if (items.length > 0) scope.measure("firstByteMs", items[0]!.offsetMs);
      if ((await Promise.race([ended, listened])) === "listened") return;
      const lasted = performance.now() - from;
      const early = items.some(({ offsetMs }) => offsetMs - stream.headMs < lasted - AT_THE_END_MS);
      if (lasted < 4 * AT_THE_END_MS) notOffered(`the stream ended after ${Math.round(lasted)} ms`);
      check(early, `nothing arrived for ${Math.round(lasted)} ms, then everything at the end: the stream is buffered`);
    },
  },
  {
    group,
    name: "events arrive in causal order",
    standard: STANDARD.order,
    timeoutMs: 90_000,
    async run({ target, sample, open }, scope) {
      const ids = idsOf(sample.events.items);
      if (ids.length >= 2) {
        const duplicate = ids.find((id, at) => ids.indexOf(id) !== at);
        check(duplicate === undefined, `the id ${show(duplicate)} came twice on one stream`);
      }
      if (!target.trigger) return checkOrder(ids);
      const stream = await open(scope);
      const before = stream.events.items.length;
      for (let i = 0; i < TRIGGER_COUNT; i += 1) {
        const at = performance.now();
        await target.trigger();
        await stream.until(
          ({ length }) => length >= before + i + 1,
          `event ${i + 1} of ${TRIGGER_COUNT} triggered events`,
          scope.patienceMs,
        );
        scope.measure("triggerToEventMs", performance.now() - at);
      }
      checkOrder(idsOf(stream.events.items));
    },
  },
  {
    group,
    name: "an idle stream gets a heartbeat",
    standard: STANDARD.heartbeat,
    timeoutMs: ({ heartbeatMs }) => 10_000 + 3 * heartbeatMs,
    async run({ open, heartbeatMs }, scope) {
      const stream = await open(scope);
      // Bytes at the start of a stream are not heartbeats.
      await pause(heartbeatMs / 4);
      const [from, { length: count }] = [performance.now(), stream.chunks.items];
      const arrived = await stream.chunks
        .until(({ length }) => length > count, 2 * heartbeatMs, "a byte")
        .then(
          () => true,
          () => false,
        );
      if (!arrived && stream.chunks.isOver) notOffered("the stream ends before a heartbeat is due");
      // Twice the interval, to allow for loaded machines.
      check(arrived, `no byte arrived for ${2 * heartbeatMs} ms: proxies close connections that are idle for so long`);
      scope.measure("silenceMs", performance.now() - from);
    },
  },
];

async function triggerAfterFirstByte(
  stream: SseStream,
  trigger: () => Promise<unknown>,
  listenMs: number,
): Promise<void> {
  await stream.chunks.until(({ length }) => length > 0, Math.min(500, listenMs), "a byte").catch(() => undefined);
  await trigger();
}

export const idsOf = (events: readonly ReceivedEvent[]): string[] =>
  events.flatMap(({ id }) => (id === undefined || id === "" ? [] : [id]));

/** Ids that end in a number must ascend. */
function checkOrder(ids: readonly string[]): void {
  const places = ids.map((id) => /^(.*?)(\d+)$/.exec(id));
  for (const [at, place] of places.entries()) {
    const last = places[at - 1];
    if (!place || !last || place[1] !== last[1]) continue;
    check(Number(place[2]) > Number(last[2]), `the id ${show(ids[at])} came after ${show(ids[at - 1])}: out of order`);
  }
}
