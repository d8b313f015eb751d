import { isHeadwaterError } from "@headwater/client";
import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { within } from "../../core/deadline.ts";
import { inParallel } from "../../core/numbers.ts";
import { Inbox } from "../../stream/inbox.ts";
import { GROUP, said } from "./document.ts";
import { Network } from "./network.ts";
import { Subscriber } from "./subscriber.ts";
import type { PocketBaseWorld } from "./world.ts";

const group = GROUP.errors;

/** PocketBase's limits of one request for subscriptions. */
const MAX_TOPICS = 1_000;
const MAX_TOPIC_LENGTH = 2_500;
const BURST = 300;

export const errorCases: readonly Case<PocketBaseWorld>[] = [
  {
    group,
    name: "Network interruption recovery",
    standard: said("Network interruption recovery"),
    async run({ root, names, client }, scope) {
      const network = new Network();
      const realtime = client(scope, { fetch: network.fetch }).realtime();
      const subscription = realtime.subscribeToCollection(names.open);
      const heard = new Inbox<string>();
      subscription.forEach((event) =>
        heard.push(event.action === "resync" ? `resync: ${event.reason}` : event.record.id),
      );
      await subscription.ready;
      const made: string[] = [];
      const write = async (count: number): Promise<void> => {
        for (let n = 0; n < count; n += 1) made.push((await root.create(names.open, { n })).id);
      };
      await write(5);
      await heard.until(({ length }) => length >= 5, scope.patienceMs, "the events before the interruption");
      network.cutWithinNext();
      network.isDown = true;
      await write(10);
      network.isDown = false;
      const [last] = made.slice(-1);
      await heard.until(
        (items) => items.includes(last!) || items.some((item) => item.startsWith("resync")),
        scope.patienceMs,
        "what was missed, or the word that something was missed,",
      );
      scope.measure("reconnects", realtime.stats.reconnects);
      const resync = heard.items.find((item) => item.startsWith("resync"));
      if (resync !== undefined) {
        await write(1);
        await heard.until((items) => items.includes(made.at(-1)!), scope.patienceMs, "an event after the interruption");
        notOffered(`what a client missed is not sent again; it has to read everything anew (${resync})`);
      }
      check(
        show(heard.items) === show(made),
        `of ${made.length} events, some lost, doubled or out of order: ${show(heard.items)}`,
      );
      scope.measure("events", made.length);
    },
  },
  {
    group,
    name: "Malformed event handling",
    standard: said("Error recovery for malformed events"),
    async run({ root, guest, names, client }, scope) {
      const topic = `${names.open}/*`;
      const subscriber = await Subscriber.open(scope, guest, [topic]);
      for (const body of [
        "{",
        "[]",
        { clientId: subscriber.clientId, subscriptions: { a: [] } },
        { subscriptions: [] },
      ]) {
        const { status } = await guest.request("POST", "/api/realtime", body);
        check(status === 400, `the malformed request ${show(body)} is answered with ${status}, not 400`);
      }
      const garbage = `oops, a stack trace\n\nevent:${topic}\ndata:{"record":{"id":\n\n`;
      const [lenient, strict] = [new Network(), new Network()];
      const patient = client(scope, { fetch: lenient.fetch }).realtime();
      const subscription = patient.subscribeToCollection(names.open);
      const heard = new Inbox<string>();
      subscription.forEach((event) => event.action !== "resync" && heard.push(event.record.id));
      await subscription.ready;
      lenient.inject(garbage);
      const { id } = await root.create(names.open, { title: "after the garbage" });
      await heard.until((ids) => ids.includes(id), scope.patienceMs, "an event after one that was malformed");
      check(patient.stats.warnings > 0, "a malformed event was skipped without a warning");
      await subscriber.hears(topic, "create", id);
      const severe = client(scope, { fetch: strict.fetch, strict: true }).realtime().subscribeToCollection(names.open);
      await severe.ready;
      strict.inject(garbage);
      const error = await severe.closed.catch((reason: unknown) => reason);
      check(
        isHeadwaterError(error) && error.code === "malformed" && garbage.includes(error.text ?? "-"),
        `a strict client that reads garbage ends with ${String(error)}, and not with the text that it could not read`,
      );
    },
  },
  {
    group,
    name: "Server overload handling",
    standard: said("Server overload handling"),
    timeoutMs: 60_000,
    async run({ root, guest, names, client, connections }, scope) {
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
        check(status === 429 || status === 503, `a request of a flood is answered with ${status}`);
        check(headers.get("retry-after") !== null, `${status} does not say when to come back (Retry-After)`);
      });
      const made: string[] = [];
      const write = async (): Promise<void> => {
        for (let n = 0; n < 20; n += 1) made.push((await root.create(names.open, { n })).id);
      };
      await Promise.all([flood, write()]);
      scope.measure("requests", BURST);
      scope.measure("refused", refused);
      scope.measure("slowestMs", slowest.ms);
      for (const id of made) await steady.hears(topic, "create", id);
      const network = new Network();
      network.answerNext(() => new Response("", { status: 503, headers: { "retry-after": "1" } }));
      await client(scope, { fetch: network.fetch }).realtime().subscribeToCollection(names.open).ready;
      const [first = 0, second = 0] = network.dialled;
      check(
        second - first >= 950,
        `the client was told to come back after 1000 ms, and came after ${Math.round(second - first)}`,
      );
    },
  },
  {
    group,
    name: "Subscription limit enforcement",
    standard: said("Subscription limit enforcement"),
    async run({ root, guest, names, client }, scope) {
      const topic = `${names.open}/*`;
      const subscriber = await Subscriber.open(scope, guest, [topic]);
      const many = Array.from({ length: MAX_TOPICS + 1 }, (_, index) => `${names.open}/${index}`);
      const { status, body } = await subscriber.submit(many);
      if (status === 204) notOffered(`${many.length} subscriptions of one connection are accepted`);
      check(status === 400, `${many.length} subscriptions are answered with ${status} ${show(body)}, not 400`);
      const long = await subscriber.submit([`${names.open}/${"x".repeat(MAX_TOPIC_LENGTH)}`]);
      check(
        long.status === 400,
        `a subscription of over ${MAX_TOPIC_LENGTH} bytes is answered with ${long.status}, not 400`,
      );
      const { id } = await root.create(names.open, { title: "still here" });
      await subscriber.hears(topic, "create", id);
      await subscriber.subscribe(many.slice(1));
      scope.measure("subscriptions", MAX_TOPICS);
      const error = await client(scope)
        .realtime()
        .subscribe("x".repeat(MAX_TOPIC_LENGTH + 1))
        .ready.catch((reason: unknown) => reason);
      check(
        isHeadwaterError(error) && error.code === "invalid",
        `the client says ${String(error)} of a subscription that is refused`,
      );
    },
  },
  {
    group,
    name: "Timeout management",
    standard: said("Timeout management"),
    async run({ root, names, client }, scope) {
      const network = new Network();
      // The first connection is never answered, the second falls silent.
      network.answerNext(
        ({ signal }) =>
          new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("given up")))),
      );
      const limits = { connectMs: 500 };
      const realtime = client(scope, { fetch: network.fetch, quietMs: 1_000, limits }).realtime();
      const subscription = realtime.subscribeToCollection(names.open);
      const heard = new Inbox<string>();
      subscription.forEach((event) => event.action !== "resync" && heard.push(event.record.id));
      const from = performance.now();
      await subscription.ready;
      scope.measure("givenUpMs", performance.now() - from);
      network.stall();
      const stalledAt = performance.now();
      const back = new Promise<void>((resolve) => realtime.monitor(({ kind }) => kind === "latency" && resolve()));
      await within(Promise.race([back, subscription.closed]), 2 * scope.patienceMs, "the reconnect after a silence");
      scope.measure("silenceFoundMs", performance.now() - stalledAt);
      const { id } = await root.create(names.open, { title: "after the silence" });
      await heard.until((ids) => ids.includes(id), scope.patienceMs, "an event after a stream that fell silent");
      const abort = new AbortController();
      const aborted = realtime.subscribeToCollection(names.open, { signal: abort.signal });
      abort.abort();
      for await (const event of aborted) check(false, `an aborted subscription gave ${show(event)}`);
    },
  },
];
