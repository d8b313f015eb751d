import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { idsOf } from "./flow.ts";
import { STANDARD } from "./standards.ts";
import { type SseContext, TRIGGER_COUNT } from "./target.ts";

const group = "Reconnect";

/** What must hold for a client that reconnects. */
export const reconnectCases: readonly Case<SseContext>[] = [
  {
    group,
    name: "a disconnected client can reconnect",
    standard: STANDARD.reconnect,
    async run({ open, sample }, scope) {
      const first = await open(scope);
      first.close();
      await first.ended;
      const again = await open(scope, { lastEventId: idsOf(sample.events.items).at(-1) });
      // 204 means "do not reconnect", which is right for a stream that has ended.
      check(
        again.status === 200 || again.status === 204,
        `the second connection gets ${again.status}: clients would give up when they reconnect`,
      );
      scope.measure("connectMs", again.headMs);
    },
  },
  {
    group,
    name: "Last-Event-ID replays what came after it, once and in order",
    standard: STANDARD.resume,
    timeoutMs: 90_000,
    async run({ target, sample, open }, scope) {
      let known = idsOf(sample.events.items);
      if (target.trigger) {
        const stream = await open(scope, { label: "first" });
        for (let i = 0; i < TRIGGER_COUNT; i += 1) {
          const { length } = stream.events.items;
          await target.trigger();
          await stream.until((events) => events.length > length, "a triggered event", scope.patienceMs);
        }
        known = idsOf(stream.events.items);
        stream.close();
      }
      if (known.length < 2) notOffered(`only ${known.length} events had ids, too few to resume from`);
      const from = known.at(-Math.min(known.length, TRIGGER_COUNT))!;
      const missed = known.slice(known.indexOf(from) + 1);
      const again = await open(scope, { lastEventId: from, label: "again" });
      const receivedIds = (): string[] => idsOf(again.events.items);
      await again
        .until(
          () => receivedIds().filter((id) => missed.includes(id)).length >= missed.length,
          "the missed events",
          scope.patienceMs,
        )
        .catch(() => undefined);
      const ids = receivedIds();
      check(!ids.includes(from), `${show(from)} was sent as Last-Event-ID, but came again`);
      const lost = missed.find((id) => !ids.includes(id));
      check(lost === undefined, `after Last-Event-ID ${show(from)}, ${show(lost)} is missing without notice`);
      const replayed = ids.filter((id) => missed.includes(id));
      check(show(replayed) === show(missed), `the replay is ${show(replayed)}, expected ${show(missed)}`);
      scope.measure("replayed", missed.length);
    },
  },
];
