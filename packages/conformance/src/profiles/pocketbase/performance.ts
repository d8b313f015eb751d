import type { Case } from "../../core/case.ts";
import { check } from "../../core/checks.ts";
import { eventually, within } from "../../core/deadline.ts";
import { inParallel } from "../../core/in-parallel.ts";
import { GROUP, quote } from "./document.ts";
import { heapBytes } from "./heap.ts";
import { Subscriber } from "./subscriber.ts";
import type { PocketBaseContext } from "./context.ts";

const group = GROUP.performance;

const SAMPLES = 50;
/** With a slow server, sampling stops after this time. */
const SAMPLING_MS = 4_000;
const FAN_OUT_WRITES = 10;
const BURST = 200;
const BATCH = { maxSize: 50, maxDelayMs: 100 } as const;
const ROUNDS = 30;
const GROWTH_LIMIT = 64 << 20;
const LISTENERS = 3;

/** The value below which this share of the values lies. @param share from 0 to 1 */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const performanceCases: readonly Case<PocketBaseContext>[] = [
  {
    group,
    name: "Event latency measurement",
    standard: quote("Includes tests for latency, throughput, and scalability"),
    timeoutMs: ({ caseMs }) => 2 * caseMs,
    async run({ superuser, guest, names }, scope) {
      const topic = `${names.open}/*`;
      const subscriber = await Subscriber.open(scope, guest, [topic]);
      const { id } = await superuser.create(names.open, { n: 0 });
      const [writes, latencies]: [number[], number[]] = [[], []];
      const startedAt = performance.now();
      for (let n = 1; n <= SAMPLES && performance.now() - startedAt < SAMPLING_MS; n += 1) {
        const from = performance.now();
        await superuser.update(names.open, id, { n });
        writes.push(performance.now() - from);
        const { stream } = subscriber;
        const find = () => stream.events.items.find(({ event, data }) => event === topic && data.includes(`"n":${n},`));
        await stream.until(() => find() !== undefined, `the event of update ${n}`);
        latencies.push(stream.openedAt + find()!.offsetMs - from);
      }
      const [write, p50] = [percentile(writes, 0.5), percentile(latencies, 0.5)];
      scope.measure("samples", writes.length);
      scope.measure("writeP50Ms", write);
      scope.measure("latencyP50Ms", p50);
      scope.measure("latencyP99Ms", percentile(latencies, 0.99));
      // Relative to the cost of a write on this machine: a loaded machine is slow at both.
      check(
        p50 <= 10 * write + 250,
        `the median event takes ${Math.round(p50)} ms, the median write ${Math.round(write)} ms`,
      );
    },
  },
  {
    group,
    name: "Concurrent client scaling",
    standard: quote("Includes tests for latency, throughput, and scalability"),
    timeoutMs: ({ caseMs }) => 4 * caseMs,
    async run({ superuser, guest, names, connections }, scope) {
      const topic = `${names.open}/*`;
      const subscribers: Subscriber[] = [];
      await inParallel(
        connections,
        10,
        async () => void subscribers.push(await Subscriber.open(scope, guest, [topic])),
      );
      const measureFanOut = async (audience: readonly Subscriber[]): Promise<number[]> => {
        const times: number[] = [];
        for (let n = 0; n < FAN_OUT_WRITES; n += 1) {
          const from = performance.now();
          const { id } = await superuser.create(names.open, { n });
          await Promise.all(
            audience.map((subscriber) => subscriber.untilChange(topic, "create", id, scope.patienceMs)),
          );
          times.push(performance.now() - from);
        }
        return times;
      };
      const all = await measureFanOut(subscribers);
      for (const { stream } of subscribers.slice(1)) stream.close();
      const alone = await measureFanOut(subscribers.slice(0, 1));
      scope.measure("clients", connections);
      scope.measure("toAllP50Ms", percentile(all, 0.5));
      scope.measure("toOneP50Ms", percentile(alone, 0.5));
      const perClient = (percentile(all, 0.5) - percentile(alone, 0.5)) / connections;
      scope.measure("perClientMs", Math.max(0, perClient));
      check(perClient < 10, `each additional client adds ${perClient.toFixed(1)} ms to an event`);
    },
  },
  {
    group,
    name: "Event batching efficiency",
    standard: quote("Implement batching for performance"),
    timeoutMs: ({ caseMs }) => 2 * caseMs,
    async run({ superuser, names, client }, scope) {
      const realtime = client(scope).realtime();
      const subscription = realtime.subscribeToCollection(names.open, { capacity: 2 * BURST });
      await subscription.ready;
      const before = realtime.stats.bytes;
      const from = performance.now();
      const writing = inParallel(BURST, 8, (n) => superuser.create(names.open, { n }));
      const sizes: number[] = [];
      const collectBatches = async (): Promise<void> => {
        let count = 0;
        for await (const batch of subscription.batches(BATCH)) {
          sizes.push(batch.length);
          count += batch.length;
          if (count >= BURST) return;
        }
      };
      await within(collectBatches(), 2 * scope.patienceMs, `the last batch of ${BURST} events`);
      await writing;
      const milliseconds = performance.now() - from;
      scope.measure("batches", sizes.length);
      scope.measure("eventsPerBatch", BURST / sizes.length);
      scope.measure("bytesPerEvent", (realtime.stats.bytes - before) / BURST);
      const largest = Math.max(...sizes);
      check(largest <= BATCH.maxSize, `a batch has ${largest} events, and the maximum is ${BATCH.maxSize}`);
      // A batch ends when it is full or when its time is up.
      const most = Math.ceil(BURST / BATCH.maxSize) + Math.ceil(milliseconds / BATCH.maxDelayMs) + 1;
      check(sizes.length <= most, `${BURST} events came in ${sizes.length} batches, and at most ${most} are needed`);
    },
  },
  {
    group,
    name: "Memory usage stability",
    standard: quote("Memory management"),
    timeoutMs: ({ caseMs }) => 4 * caseMs,
    async run({ superuser, guest, names, client }, scope) {
      const topic = `${names.open}/*`;
      const ids: string[] = [];
      const round = async (n: number): Promise<void> => {
        const one = client(scope);
        const subscription = one.realtime().subscribeToCollection(names.open);
        await subscription.ready;
        ids.push(one.realtime().clientId);
        await superuser.create(names.open, { n });
        for await (const event of subscription) if (event.action === "create") break;
        one.close();
      };
      for (let n = 0; n < ROUNDS / 3; n += 1) await round(n);
      const before = heapBytes();
      for (let n = 0; n < ROUNDS; n += 1) await round(n);
      const growth = heapBytes() - before;
      scope.measure("rounds", ROUNDS);
      scope.measure("heapGrowthKiB", growth / 1_024);
      check(growth < GROWTH_LIMIT, `${ROUNDS} connections left ${Math.round(growth / 1_024)} KiB on the client's heap`);
      const isForgotten = async (clientId: string): Promise<boolean> =>
        (await guest.request("POST", "/api/realtime", { clientId, subscriptions: [topic] })).status === 404;
      const forgotten = await eventually(
        async () => (await Promise.all(ids.slice(-5).map(isForgotten))).every(Boolean),
        scope.patienceMs,
      );
      check(forgotten, "the server still knows connections that were closed");
    },
  },
  {
    group,
    name: "Throughput under load",
    standard: quote("Throughput under load"),
    timeoutMs: ({ caseMs }) => 4 * caseMs,
    async run({ superuser, guest, names, connections }, scope) {
      const topic = `${names.open}/*`;
      const count = Math.min(LISTENERS, connections);
      const subscribers = await Promise.all(
        Array.from({ length: count }, () => Subscriber.open(scope, guest, [topic])),
      );
      const from = performance.now();
      const made: string[] = [];
      await inParallel(8, 8, async () => {
        while (performance.now() - from < scope.clock.listenMs / 2)
          made.push((await superuser.create(names.open, { n: made.length })).id);
      });
      const written = performance.now() - from;
      for (const { stream } of subscribers)
        await stream.events.until(
          (events) => events.length > made.length,
          scope.patienceMs,
          `the last of ${made.length} events`,
        );
      const delivered = performance.now() - from;
      for (const subscriber of subscribers) {
        const received = new Set(subscriber.changes(topic).map(({ record }) => record.id));
        const lost = made.filter((id) => !received.has(id)).length;
        check(lost === 0, `${lost} of ${made.length} events were lost under load`);
      }
      scope.measure("writesPerSecond", (made.length / written) * 1_000);
      scope.measure("eventsPerSecond", ((made.length * count) / delivered) * 1_000);
      scope.measure("lastEventAfterMs", delivered - written);
    },
  },
];
