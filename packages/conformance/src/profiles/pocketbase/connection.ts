import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { eventually, pause, within } from "../../core/deadline.ts";
import { GROUP, said } from "./document.ts";
import { Inbox } from "../../stream/inbox.ts";
import { Network } from "./network.ts";
import { Subscriber } from "./subscriber.ts";
import type { PocketBaseWorld } from "./world.ts";

const group = GROUP.connection;

export const connectionCases: readonly Case<PocketBaseWorld>[] = [
  {
    group,
    name: "Basic connection establishment",
    standard: said("Establish and maintain SSE connections"),
    async run({ guest, names }, scope) {
      const { stream, clientId } = await Subscriber.open(scope, guest);
      const type = stream.headers.get("content-type") ?? "";
      check(/^text\/event-stream\b/i.test(type), `Content-Type is ${type || "missing"}`);
      const greeting = stream.events.items[0]!;
      check(clientId !== "", "PB_CONNECT has no id: clients take theirs from it");
      check(
        greeting.data.includes(show(clientId)),
        `PB_CONNECT's data is ${greeting.data}, without the id ${clientId}`,
      );
      const second = await Subscriber.open(scope, guest);
      check(second.clientId !== clientId, `two connections got the same client id, ${clientId}`);
      await second.subscribe([`${names.open}/*`]);
      const stranger = await guest.request("POST", "/api/realtime", { clientId: "nobody", subscriptions: [] });
      check(stranger.status === 404, `a client id that nobody has is answered with ${stranger.status}, not 404`);
      scope.measure("connectMs", stream.headMs);
      scope.measure("greetingMs", greeting.offsetMs);
    },
  },
  {
    group,
    name: "Authentication support",
    standard: said("Bearer token integration"),
    async run({ guest, root, names, user }, scope) {
      const { token } = await user();
      const topic = `${names.members}/*`;
      // EventSource can send no header: it is the request beside the stream that says who asks.
      const bare = await Subscriber.open(scope, guest);
      await bare.subscribe([topic], token);
      const bearer = await Subscriber.open(scope, guest);
      await bearer.subscribe([topic], `Bearer ${token}`);
      const { id } = await root.create(names.members, { title: "for members" });
      await bare.hears(topic, "create", id);
      await bearer.hears(topic, "create", id);
    },
  },
  {
    group,
    name: "Heartbeat/keep-alive",
    standard: said("Implement heartbeat monitoring"),
    alongside: true,
    timeoutMs: ({ heartbeatMs }) => 20_000 + 2 * heartbeatMs,
    async run({ guest, names, heartbeatMs }, scope) {
      const { stream } = await Subscriber.open(scope, guest, [`${names.users}/*`]);
      const { items } = stream.chunks;
      const [count, from] = [items.length, performance.now()];
      const limit = 2 * heartbeatMs;
      const heard = await stream.chunks
        .until(({ length }) => length > count, limit, "a sign of life")
        .then(
          () => true,
          () => false,
        );
      check(
        heard || !stream.chunks.isOver,
        `the server ended a quiet stream after ${Math.round(performance.now() - from)} ms`,
      );
      if (!heard) notOffered(`a quiet stream got no byte in ${limit} ms`);
      scope.measure("silenceMs", performance.now() - from);
    },
  },
  {
    group,
    name: "Auto-reconnection",
    standard: said("Auto-reconnection with exponential backoff"),
    async run({ root, names, client }, scope) {
      const network = new Network();
      const realtime = client(scope, { fetch: network.fetch }).realtime();
      const subscription = realtime.subscribeToCollection(names.open);
      const heard = new Inbox<string>();
      subscription.forEach((event) => event.action !== "resync" && heard.push(event.record.id));
      await subscription.ready;
      network.answerNext(...Array.from({ length: 2 }, () => () => new Response("broken", { status: 500 })));
      const from = performance.now();
      const back = new Promise<void>((resolve) => realtime.monitor(({ kind }) => kind === "latency" && resolve()));
      network.cut();
      // A client that gives up says so by its subscriptions.
      await within(Promise.race([back, subscription.closed]), 2 * scope.patienceMs, "the reconnect");
      scope.measure("reconnectMs", performance.now() - from);
      scope.measure("attempts", network.dialled.length - 1);
      check(
        network.dialled.length >= 4,
        `the server refused twice, and there were ${network.dialled.length - 1} attempts`,
      );
      const { id } = await root.create(names.open, { title: "after the reconnect" });
      await heard.until((ids) => ids.includes(id), scope.patienceMs, "an event after the reconnect");
    },
  },
  {
    group,
    name: "Graceful shutdown",
    standard: said("Graceful shutdown"),
    async run({ root, guest, names, client }, scope) {
      const topic = `${names.open}/*`;
      const { id } = await root.create(names.open, { title: "stays" });
      const subscriber = await Subscriber.open(scope, guest, [topic]);
      await subscriber.subscribe([`${names.open}/${id}`]);
      await root.create(names.open, { title: "unheard" });
      await root.update(names.open, id, { title: "heard" });
      await subscriber.hears(`${names.open}/${id}`, "update", id);
      await pause(100);
      const unwanted = subscriber.told(topic)[0];
      check(unwanted === undefined, `an event of ${topic} came after it was unsubscribed: ${show(unwanted)}`);
      subscriber.stream.close();
      const from = performance.now();
      check(
        await eventually(async () => (await subscriber.submit([topic])).status === 404, scope.patienceMs),
        `a client that closed its stream is still known after ${scope.patienceMs} ms`,
      );
      scope.measure("forgottenMs", performance.now() - from);
      const one = client(scope);
      await one.realtime().subscribeToCollection(names.open).ready;
      const clientId = one.realtime().clientId;
      one.close();
      const isGone = async (): Promise<boolean> =>
        (await guest.request("POST", "/api/realtime", { clientId, subscriptions: [] })).status === 404;
      check(
        await eventually(isGone, scope.patienceMs),
        "a client was closed, and its stream is still open on the server",
      );
    },
  },
];
