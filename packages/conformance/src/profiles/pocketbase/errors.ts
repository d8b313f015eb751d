import { isHeadwaterError } from "@headwater/client";
import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { within } from "../../core/deadline.ts";
import { inParallel } from "../../core/in-parallel.ts";
import { Inbox } from "../../stream/inbox.ts";
import { GROUP, quote } from "./document.ts";
import { Network } from "./network.ts";
import { Subscriber } from "./subscriber.ts";
import type { PocketBaseContext } from "./context.ts";

const group = GROUP.errors;

/** PocketBase's limits for one subscribe request: topics, and characters in each. */
const MAX_TOPICS = 1_000;
const MAX_TOPIC_LENGTH = 2_500;
const BURST = 300;

export const errorCases: readonly Case<PocketBaseContext>[] = [
  {
    group,
    name: "Network interruption recovery",
    standard: quote("Network interruption recovery"),
    async run({ superuser, names, client }, scope) {
      const network = new Network();
      const realtime = client(scope, { fetch: network.fetch }).realtime();
      const subscription = realtime.subscribeToCollection(names.open);
      const received = new Inbox<string>();
      subscription.forEach((event) =>
        received.push(event.action === "resync" ? `resync: ${event.reason}` : event.record.id),
      );
      await subscription.ready;
      const made: string[] = [];
      const write = async (count: number): Promise<void> => {
        for (let n = 0; n < count; n += 1) made.push((await superuser.create(names.open, { n })).id);
      };
      await write(5);
      await received.until(({ length }) => length >= 5, scope.patienceMs, "the events before the interruption");
      network.cutWithinNext();
      network.isDown = true;
      await write(10);
      network.isDown = false;
      const [last] = made.slice(-1);
      await received.until(
        (items) => items.includes(last!) || items.some((item) => item.startsWith("resync")),
        scope.patienceMs,
        "the missed events or a resync",
      );
      scope.measure("reconnects", realtime.stats.reconnects);
      const resync = received.items.find((item) => item.startsWith("resync"));
      if (resync !== undefined) {
        await write(1);
        await received.until(
          (items) => items.includes(made.at(-1)!),
          scope.patienceMs,
          "an event after the interruption",
        );
        notOffered(`missed events are not replayed; the client has to read everything again (${resync})`);
      }
      check(
        show(received.items) === show(made),
        `of ${made.length} events, some were lost, duplicated or out of order: ${show(received.items)}`,
      );
      scope.measure("events", made.length);
    },
  },
  {
    group,
    name: "Malformed event handling",
    standard: quote("Error recovery for malformed events"),
    async run({ superuser, guest, names, client }, scope) {
      const topic = `${names.open}/*`;
      const subscriber = await Subscriber.open(scope, guest, [topic]);
      for (const body of [
        "{",
        "[]",
        { clientId: subscriber.clientId, subscriptions: { a: [] } },
        { subscriptions: [] },
      ]) {
        const { status } = await guest.request("POST", "/api/realtime", body);
        check(status === 400, `the malformed request ${show(body)} gets ${status}, not 400`);
      }
      const garbage = `oops, a stack trace\n\nevent:${topic}\ndata:{"record":{"id":\n\n`;
      const [lenient, strict] = [new Network(), new Network()];
      const lenientClient = client(scope, { fetch: lenient.fetch }).realtime();
      const subscription = lenientClient.subscribeToCollection(names.open);
      const received = new Inbox<string>();
      subscription.forEach((event) => event.action !== "resync" && received.push(event.record.id));
      await subscription.ready;
      lenient.inject(garbage);
      const { id } = await superuser.create(names.open, { title: "after the garbage" });
      await received.until((ids) => ids.includes(id), scope.patienceMs, "an event after a malformed one");
      check(lenientClient.stats.warnings > 0, "the client skipped a malformed event without a warning");
      await subscriber.untilChange(topic, "create", id);
      const strictSubscription = client(scope, { fetch: strict.fetch, strict: true })
        .realtime()
        .subscribeToCollection(names.open);
      await strictSubscription.ready;
      strict.inject(garbage);
      const error = await strictSubscription.closed.catch((reason: unknown) => reason);
      check(
        isHeadwaterError(error) && error.code === "malformed" && garbage.includes(error.text ?? "-"),
        `a strict client that reads garbage fails with ${String(error)}, not with the malformed text`,
      );
    },
  },
  {
    group,
    name: "Server overload handling",
    standard: quote("Server overload handling"),
    timeoutMs: ({ caseMs }) => 2 * caseMs,
    async run({ superuser, guest, names, client, connections }, scope) {
      const topic = `${names.open}/*`;
      const steady = await Subscriber.open(scope, guest, [topic], { label: "steady" });
      const slowest = { ms: 0 };
      let refused = 0;
      const flood = inParallel(BURST, connections, async (index) => {
        const from = performance.now();
        const { status, headers } =
          index % 3 === 0 ? await guest.request("GET", "/api/health") : await steady.submit([topic]);
        slowest.ms = Math.max(slowest.ms, performance.now() - from);
        if (status < 300) return;
        refused += 1;
        check(status === 429 || status === 503, `a request of the burst gets ${status}, not 429 or 503`);
        check(headers.get("retry-after") !== null, `a ${status} response has no Retry-After`);
      });
      const made: string[] = [];
      const write = async (): Promise<void> => {
        for (let n = 0; n < 20; n += 1) made.push((await superuser.create(names.open, { n })).id);
      };
      await Promise.all([flood, write()]);
      scope.measure("requests", BURST);
      scope.measure("refused", refused);
      scope.measure("slowestMs", slowest.ms);
      for (const id of made) await steady.untilChange(topic, "create", id);
      const network = new Network();
      network.respondNext(() => new Response("", { status: 503, headers: { "retry-after": "1" } }));
      await client(scope, { fetch: network.fetch }).realtime().subscribeToCollection(names.open).ready;
      const [first = 0, second = 0] = network.connectTimes;
      check(
        second - first >= 950,
        `Retry-After was 1000 ms, and the client retried after ${Math.round(second - first)} ms`,
      );
    },
  },
  {
    group,
    name: "Subscription limit enforcement",
    standard: quote("Subscription limit enforcement"),
    async run({ superuser, guest, names, client }, scope) {
      const topic = `${names.open}/*`;
      const subscriber = await Subscriber.open(scope, guest, [topic]);
      const many = Array.from({ length: MAX_TOPICS + 1 }, (_, index) => `${names.open}/${index}`);
      const { status, body } = await subscriber.submit(many);
      if (status === 204) notOffered(`one connection may have ${many.length} subscriptions`);
      check(status === 400, `${many.length} subscriptions get ${status} ${show(body)}, not 400`);
      const long = await subscriber.submit([`${names.open}/${"x".repeat(MAX_TOPIC_LENGTH)}`]);
      check(long.status === 400, `a subscription longer than ${MAX_TOPIC_LENGTH} bytes gets ${long.status}, not 400`);
      const { id } = await superuser.create(names.open, { title: "still here" });
      await subscriber.untilChange(topic, "create", id);
      await subscriber.subscribe(many.slice(1));
      scope.measure("subscriptions", MAX_TOPICS);
      const error = await client(scope)
        .realtime()
        .subscribe("x".repeat(MAX_TOPIC_LENGTH + 1))
        .ready.catch((reason: unknown) => reason);
      check(
        isHeadwaterError(error) && error.code === "invalid",
        `a rejected subscription fails with ${String(error)}, not with invalid`,
      );
    },
  },
  {
    group,
    name: "Timeout management",
    standard: quote("Timeout management"),
    async run({ superuser, names, client }, scope) {
      const network = new Network();
      // The first connection never gets a response; the second goes silent.
      network.respondNext(
        ({ signal }) =>
          new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("given up")))),
      );
      const limits = { connectMs: 500 };
      const realtime = client(scope, { fetch: network.fetch, quietMs: 1_000, limits }).realtime();
      const subscription = realtime.subscribeToCollection(names.open);
      const received = new Inbox<string>();
      subscription.forEach((event) => event.action !== "resync" && received.push(event.record.id));
      const from = performance.now();
      await subscription.ready;
      scope.measure("givenUpMs", performance.now() - from);
      network.stall();
      const stalledAt = performance.now();
      const back = new Promise<void>((resolve) => realtime.monitor(({ kind }) => kind === "latency" && resolve()));
      await within(
        Promise.race([back, subscription.closed]),
        2 * scope.patienceMs,
        "the reconnect after the stream went silent",
      );
      scope.measure("silenceFoundMs", performance.now() - stalledAt);
      const { id } = await superuser.create(names.open, { title: "after the silence" });
      await received.until((ids) => ids.includes(id), scope.patienceMs, "an event after the stream went silent");
      const abort = new AbortController();
      const aborted = realtime.subscribeToCollection(names.open, { signal: abort.signal });
      abort.abort();
      for await (const event of aborted) check(false, `an aborted subscription yielded ${show(event)}`);
    },
  },
];
