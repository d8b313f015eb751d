import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { idsOf } from "./flow.ts";
import { STANDARD } from "./standards.ts";
import { type SseWorld, TRIGGERED } from "./target.ts";

const group = "Reconnect";

/** What must hold for a client that comes back. */
export const reconnectCases: readonly Case<SseWorld>[] = [
  {
    group,
    name: "a client that was cut can come back",
    standard: STANDARD.reconnect,
    async run({ open, sample }, scope) {
      const first = await open(scope);
      first.close();
      await first.ended;
      const again = await open(scope, { lastEventId: idsOf(sample.events.items).at(-1) });
      // 204 is the word for "do not come back", and a stream that was over has a right to it.
      check(
        again.status === 200 || again.status === 204,
        `the second connection got ${again.status}: a client would be lost after its first reconnect`,
      );
      scope.measure("connectMs", again.headMs);
    },
  },
  {
    group,
    name: "Last-Event-ID brings what came after it, once and in order",
    standard: STANDARD.resume,
    timeoutMs: 90_000,
    async run({ target, sample, open }, scope) {
      let known = idsOf(sample.events.items);
      if (target.trigger) {
        const stream = await open(scope, { label: "first" });
        for (let i = 0; i < TRIGGERED; i += 1) {
          const { length } = stream.events.items;
          await target.trigger();
          await stream.until((events) => events.length > length, "an event that was caused", scope.patienceMs);
        }
        known = idsOf(stream.events.items);
        stream.close();
      }
      if (known.length < 2) notOffered(`${known.length} events with an id came: there is no place to come back to`);
      const from = known.at(-Math.min(known.length, TRIGGERED))!;
      const missed = known.slice(known.indexOf(from) + 1);
      const again = await open(scope, { lastEventId: from, label: "again" });
      const heard = (): string[] => idsOf(again.events.items);
      await again
        .until(
          () => heard().filter((id) => missed.includes(id)).length >= missed.length,
          "what was missed",
          scope.patienceMs,
        )
        .catch(() => undefined);
      const ids = heard();
      check(!ids.includes(from), `${show(from)} was given as Last-Event-ID, and came again`);
      const lost = missed.find((id) => !ids.includes(id));
      check(lost === undefined, `after Last-Event-ID ${show(from)}, ${show(lost)} is lost: the gap is silent`);
      const replayed = ids.filter((id) => missed.includes(id));
      check(show(replayed) === show(missed), `the replay is ${show(replayed)}, and should be ${show(missed)}`);
      scope.measure("replayed", missed.length);
    },
  },
];
