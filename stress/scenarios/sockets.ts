import { parseCursor, type ServerMessage } from "@headwater/protocol";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { ensure, family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";

const CLIENTS = 6;

const connectAll = (run: ScenarioRun): Promise<SocketClient[]> =>
  Promise.all(Array.from({ length: CLIENTS }, () => SocketClient.connect(run.url)));

const seqOf = (cursor: string | undefined): number => parseCursor(cursor ?? "")?.seq ?? 0;

/** Ends all, and says how many messages were looked at. */
function finish(run: ScenarioRun, clients: readonly SocketClient[]): void {
  for (const client of clients) client.close();
  run.compared(clients.reduce((sum, { messages }) => sum + messages.length, 0));
}

/** Each diary that came belongs to whom the connection was when it came. */
function ensureOwn(messages: readonly ServerMessage[]): number {
  let owner = "";
  let seen = 0;
  for (const message of messages) {
    if (message.type === "authenticated") owner = message.auth?.id ?? "";
    if (message.type !== "record_event") continue;
    const isOwn = owner !== "" && message.record["owner"] === owner;
    ensure(isOwn, `who was "${owner}" heard of a diary of ${String(message.record["owner"])}`);
    seen += 1;
  }
  return seen;
}

/** Between `subscribed` and `unsubscribed` come all changes from its cursor on, none is left out, and none comes outside. */
function ensureWhole(run: ScenarioRun, messages: readonly ServerMessage[]): number {
  const places = run.changesOf("notes").map(({ seq }) => seq);
  let next: number | undefined;
  let seen = 0;
  for (const message of messages) {
    if (message.type === "subscribed") next = places.findIndex((seq) => seq > seqOf(message.cursor));
    else if (message.type === "unsubscribed") next = undefined;
    else if (message.type === "record_event") {
      ensure(next !== undefined, "a change came outside of the subscription");
      const [came, due] = [seqOf(message.cursor), places[next]];
      ensure(came === due, `change ${came} came where ${due} was due`);
      next += 1;
      seen += 1;
    }
  }
  return seen;
}

export const sockets = family("sockets", [
  [
    "become-others",
    "Whoever a WebSocket becomes on the way, from that answer on it hears what that one may hear, and nothing else.",
    async (run) => {
      await run.start();
      const clients = await connectAll(run);
      const crowd = new WriterPool(run, "crowd", ["diaries"]).start(8);
      const tokens = [null, ...run.seedFolder.users.map(({ token }) => token)];
      const becoming = clients.map(async (client) => {
        await client.request({ type: "auth", token: tokens[1]! });
        await client.subscribe("diaries.*");
        while (crowd.written.items.length < 400) await client.request({ type: "auth", token: run.random.pick(tokens) });
      });
      await Promise.all([...becoming, crowd.answered(400)]);
      await crowd.stop();
      const heard = clients.map(({ messages }) => ensureOwn(messages));
      ensure(
        heard.some((count) => count > 10),
        "nobody heard anything",
      );
      finish(run, clients);
    },
    ["some seeds", "short"],
  ],
  [
    "come-and-go",
    "However often a pattern is subscribed to and left, between the answers every change comes, and outside of them none.",
    async (run) => {
      await run.start();
      const clients = await connectAll(run);
      const crowd = new WriterPool(run, "crowd", ["notes"]).start(8);
      const going = clients.map(async (client) => {
        while (crowd.written.items.length < 400) {
          await client.subscribe("notes.*");
          const [before, some] = [client.events.length, run.random.int(0, 5)];
          await client.inbox.until(() => client.events.length >= before + some || crowd.written.items.length >= 400);
          await client.request({ type: "unsubscribe", pattern: "notes.*" });
        }
      });
      await Promise.all([...going, crowd.answered(400)]);
      await crowd.stop();
      const heard = clients.map(({ messages }) => ensureWhole(run, messages));
      ensure(
        heard.some((count) => count > 10),
        "nobody heard anything",
      );
      finish(run, clients);
    },
    ["some seeds", "short"],
  ],
  [
    "vanished",
    "A peer that stops answering is let go, and costs those who are there nothing.",
    async (run) => {
      await run.start({ args: ["--ping-seconds", "0.2", "--pong-seconds", "0.2"] });
      const here = await run.connectListener([{ name: "notes/*", collection: "notes" }]);
      const vanishing = await Promise.all(
        Array.from({ length: 50 }, () => SocketClient.connect(run.url, { answersPings: false })),
      );
      for (const client of vanishing) client.pause();
      const crowd = new WriterPool(run, "crowd", ["notes"]).start(4);
      await run.connected(1);
      await crowd.stop();
      await run.settle([here]);
      for (const client of vanishing) client.close();
    },
  ],
]);
