import type { Case } from "../../core/case.ts";
import { check, notOffered, show } from "../../core/checks.ts";
import { eventually, pause, within } from "../../core/deadline.ts";
import { GROUP, quote } from "./document.ts";
import { fieldFault } from "../../model/field.ts";
import { Inbox } from "../../stream/inbox.ts";
import { objectOf } from "../../stream/recording.ts";
import { GREETING } from "./model.ts";
import { Network } from "./network.ts";
import { Subscriber } from "./subscriber.ts";
import type { PocketBaseContext } from "./context.ts";

const group = GROUP.connection;

export const connectionCases: readonly Case<PocketBaseContext>[] = [
  {
    group,
    name: "Basic connection establishment",
    standard: quote("Establish and maintain SSE connections"),
    async run({ guest, names }, scope) {
      const { stream, clientId } = await Subscriber.open(scope, guest);
      const type = stream.headers.get("content-type") ?? "";
      check(/^text\/event-stream\b/i.test(type), `Content-Type is ${type || "missing"}`);
      const greeting = stream.events.items[0]!;
      check(clientId !== "", "PB_CONNECT has no id: clients take theirs from it");
      const data = objectOf(greeting.data) ?? {};
      const fault = fieldFault(data, GREETING, "PB_CONNECT");
      check(fault === undefined, fault!);
      check(data["clientId"] === clientId, `PB_CONNECT's data is ${greeting.data}, which lacks the id ${clientId}`);
      const greetings = stream.events.items.filter(({ event }) => event === "PB_CONNECT").length;
      check(greetings === 1, `PB_CONNECT came ${greetings} times`);
      const second = await Subscriber.open(scope, guest);
      check(second.clientId !== clientId, `two connections got the same client id, ${clientId}`);
      await second.subscribe([`${names.open}/*`]);
      const unknown = await guest.request("POST", "/api/realtime", { clientId: "nobody", subscriptions: [] });
      check(unknown.status === 404, `an unknown client id gets ${unknown.status}, not 404`);
      scope.measure("connectMs", stream.headMs);
      scope.measure("greetingMs", greeting.offsetMs);
    },
  },
  {
    group,
    name: "Authentication support",
    standard: quote("Bearer token integration"),
    async run({ guest, superuser, names, user }, scope) {
      const { token } = await user();
      const topic = `${names.members}/*`;
      // EventSource cannot send headers: the subscribe request carries the token.
      const bare = await Subscriber.open(scope, guest);
      await bare.subscribe([topic], token);
      const bearer = await Subscriber.open(scope, guest);
      await bearer.subscribe([topic], `Bearer ${token}`);
      const { id } = await superuser.create(names.members, { title: "for members" });
      await bare.untilChange(topic, "create", id);
      await bearer.untilChange(topic, "create", id);
    },
  },
  {
    group,
    name: "Heartbeat/keep-alive",
    standard: quote("Implement heartbeat monitoring"),
    alongside: true,
    timeoutMs: ({ caseMs, silenceMs }) => caseMs + silenceMs,
    async run({ guest, names }, scope) {
      const { stream } = await Subscriber.open(scope, guest, [`${names.users}/*`]);
      const { items } = stream.chunks;
      const [count, from] = [items.length, performance.now()];
      const limit = scope.clock.silenceMs;
      const arrived = await stream.chunks
        .until(({ length }) => length > count, limit, "a heartbeat")
        .then(
          () => true,
          () => false,
        );
      check(
        arrived || !stream.chunks.isOver,
        `the server closed an idle stream after ${Math.round(performance.now() - from)} ms`,
      );
      if (!arrived) notOffered(`an idle stream received no byte in ${limit} ms`);
      scope.measure("silenceMs", performance.now() - from);
    },
  },
  {
    group,
    name: "Auto-reconnection",
    standard: quote("Auto-reconnection with exponential backoff"),
    async run({ superuser, names, client }, scope) {
      const network = new Network();
      const realtime = client(scope, { fetch: network.fetch }).realtime();
      const subscription = realtime.subscribeToCollection(names.open);
      const received = new Inbox<string>();
      subscription.forEach((event) => event.action !== "resync" && received.push(event.record.id));
      await subscription.ready;
      network.respondNext(...Array.from({ length: 2 }, () => () => new Response("broken", { status: 500 })));
      const from = performance.now();
      const back = new Promise<void>((resolve) => realtime.monitor(({ kind }) => kind === "latency" && resolve()));
      network.cut();
      // If the client gives up, its subscriptions close.
      await within(Promise.race([back, subscription.closed]), 2 * scope.patienceMs, "the reconnect");
      scope.measure("reconnectMs", performance.now() - from);
      scope.measure("attempts", network.connectTimes.length - 1);
      check(
        network.connectTimes.length >= 4,
        `the server failed twice, and the client tried only ${network.connectTimes.length - 1} times`,
      );
      const { id } = await superuser.create(names.open, { title: "after the reconnect" });
      await received.until((ids) => ids.includes(id), scope.patienceMs, "an event after the reconnect");
    },
  },
  {
    group,
    name: "Graceful shutdown",
    standard: quote("Graceful shutdown"),
    async run({ superuser, guest, names, client }, scope) {
      const topic = `${names.open}/*`;
      const { id } = await superuser.create(names.open, { title: "stays" });
      const subscriber = await Subscriber.open(scope, guest, [topic]);
      await subscriber.subscribe([`${names.open}/${id}`]);
      await superuser.create(names.open, { title: "unsubscribed" });
      await superuser.update(names.open, id, { title: "subscribed" });
      await subscriber.untilChange(`${names.open}/${id}`, "update", id);
      await pause(scope.clock.settleMs);
      const unwanted = subscriber.changes(topic)[0];
      check(unwanted === undefined, `an event of ${topic} arrived after unsubscribing: ${show(unwanted)}`);
      subscriber.stream.close();
      const from = performance.now();
      check(
        await eventually(async () => (await subscriber.submit([topic])).status === 404, scope.patienceMs),
        `the server still knows a closed stream after ${scope.patienceMs} ms`,
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
        "the client was closed, but its stream is still open on the server",
      );
    },
  },
];
