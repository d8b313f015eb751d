import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { pause } from "../../core/deadline.ts";
import type { Received, SseStream } from "../../stream/sse-stream.ts";
import { STANDARD } from "./standards.ts";
import { type SseWorld, TRIGGERED } from "./target.ts";

const group = "Flow";

/** Chunks that came within this of the end came with it. */
const AT_THE_END_MS = 50;

/** What must come when. */
export const flowCases: readonly Case<SseWorld>[] = [
  {
    group,
    name: "what is sent arrives at once, and not with the end",
    standard: STANDARD.buffering,
    timeoutMs: ({ listenMs }) => 30_000 + 2 * listenMs,
    async run(world, scope) {
      const { target, listenMs } = world;
      const stream = await world.open(scope);
      const from = performance.now();
      const ended = stream.ended.then(() => "ended" as const);
      const listened = pause(listenMs).then(() => "listened" as const);
      const asked = target.trigger && askAfterFirst(stream, target.trigger, listenMs);
      const { items } = stream.chunks;
      const firstMs = target.trigger ? scope.patienceMs : listenMs;
      await stream.chunks.until(({ length }) => length > 0, firstMs, "a byte").catch(() => undefined);
      await asked;
      if (items.length === 0 && !stream.chunks.isOver) {
        check(target.trigger === undefined, `events were caused, and no byte came within ${firstMs} ms`);
        notOffered(`no byte came within ${firstMs} ms (--trigger makes the server send something)`);
      }
      if (items.length > 0) scope.measure("firstByteMs", items[0]!.offsetMs);
      if ((await Promise.race([ended, listened])) === "listened") return;
      const lasted = performance.now() - from;
      const early = items.some(({ offsetMs }) => offsetMs - stream.headMs < lasted - AT_THE_END_MS);
      if (lasted < 4 * AT_THE_END_MS) notOffered(`the stream is over after ${Math.round(lasted)} ms`);
      check(early, `nothing came for ${Math.round(lasted)} ms, and then everything with the end: somebody buffers`);
    },
  },
  {
    group,
    name: "events come in the order of what they tell",
    standard: STANDARD.order,
    timeoutMs: 90_000,
    async run({ target, sample, open }, scope) {
      const ids = idsOf(sample.events.items);
      if (ids.length >= 2) {
        const doubled = ids.find((id, at) => ids.indexOf(id) !== at);
        check(doubled === undefined, `the id ${show(doubled)} came twice on one stream`);
      }
      if (!target.trigger) return inOrder(ids);
      const stream = await open(scope);
      const before = stream.events.items.length;
      for (let i = 0; i < TRIGGERED; i += 1) {
        const at = performance.now();
        await target.trigger();
        await stream.until(
          ({ length }) => length >= before + i + 1,
          `event ${i + 1} of ${TRIGGERED} that were caused`,
          scope.patienceMs,
        );
        scope.measure("triggerToEventMs", performance.now() - at);
      }
      inOrder(idsOf(stream.events.items));
    },
  },
  {
    group,
    name: "a quiet stream gets a sign of life",
    standard: STANDARD.heartbeat,
    timeoutMs: ({ heartbeatMs }) => 10_000 + 3 * heartbeatMs,
    async run({ open, heartbeatMs }, scope) {
      const stream = await open(scope);
      // What a stream begins with is no sign of life.
      await pause(heartbeatMs / 4);
      const [from, { length: count }] = [performance.now(), stream.chunks.items];
      const heard = await stream.chunks
        .until(({ length }) => length > count, 2 * heartbeatMs, "a byte")
        .then(
          () => true,
          () => false,
        );
      if (!heard && stream.chunks.isOver) notOffered("the stream ends by itself before it is quiet for long");
      // Twice the interval: machines are loaded.
      check(heard, `no byte came for ${2 * heartbeatMs} ms: proxies drop what is silent that long`);
      scope.measure("silenceMs", performance.now() - from);
    },
  },
];

async function askAfterFirst(stream: SseStream, trigger: () => Promise<unknown>, listenMs: number): Promise<void> {
  await stream.chunks.until(({ length }) => length > 0, Math.min(500, listenMs), "a byte").catch(() => undefined);
  await trigger();
}

export const idsOf = (events: readonly Received[]): string[] =>
  events.flatMap(({ id }) => (id === undefined || id === "" ? [] : [id]));

/** Ids that are numbers, or end in one, must ascend: they are places in what happened. */
function inOrder(ids: readonly string[]): void {
  const places = ids.map((id) => /^(.*?)(\d+)$/.exec(id));
  for (const [at, place] of places.entries()) {
    const last = places[at - 1];
    if (!place || !last || place[1] !== last[1]) continue;
    check(Number(place[2]) > Number(last[2]), `the id ${show(ids[at])} came after ${show(ids[at - 1])}: out of order`);
  }
}
