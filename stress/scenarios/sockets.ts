import type { ServerMessage } from "@headwater/protocol";
import { seqOfCursor } from "@headwater/testing/servers/cursors.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";

const CLIENTS = 6;

const connectAll = (run: ScenarioRun): Promise<SocketClient[]> =>
  Promise.all(Array.from({ length: CLIENTS }, () => SocketClient.connect(run.url)));

const seqOf = (cursor: string | undefined): number => seqOfCursor(cursor) ?? 0;

/** Closes all clients and counts the checked messages. */
function finish(run: ScenarioRun, clients: readonly SocketClient[]): void {
  for (const client of clients) client.close();
  run.compared(clients.reduce((sum, { messages }) => sum + messages.length, 0));
}

/** Each diary must belong to the user the connection was signed in as when it arrived. */
function ensureOwned(messages: readonly ServerMessage[]): number {
  let owner = "";
  let checked = 0;
  for (const message of messages) {
    if (message.type === "authenticated") owner = message.auth?.id ?? "";
    if (message.type !== "record_event") continue;
    const isOwn = owner !== "" && message.record["owner"] === owner;
    ensure(isOwn, `user "${owner}" got a diary of ${String(message.record["owner"])}`);
    checked += 1;
  }
  return checked;
}

/** Between `subscribed` and `unsubscribed`, every change after the cursor must arrive; outside of them, none. */
function ensureComplete(run: ScenarioRun, messages: readonly ServerMessage[]): number {
  const seqs = run.changesOf("notes").map(({ seq }) => seq);
  let next: number | undefined;
  let checked = 0;
  for (const message of messages) {
    if (message.type === "subscribed") next = seqs.findIndex((seq) => seq > seqOf(message.cursor));
    else if (message.type === "unsubscribed") next = undefined;
    else if (message.type === "record_event") {
      ensure(next !== undefined, "a change arrived while not subscribed");
      const [received, expected] = [seqOf(message.cursor), seqs[next]];
      ensure(received === expected, `change ${received} arrived where ${expected} was expected`);
      next += 1;
      checked += 1;
    }
  }
  return checked;
}

export const sockets = family("sockets", [
  [
    "switch-users",
    "When a WebSocket signs in as another user, it gets only that user's changes from the response on.",
    async (run) => {
      await run.start();
      const clients = await connectAll(run);
      const writers = new WriterPool(run, "writers", ["diaries"]).start(8);
      const tokens = [null, ...run.seedFolder.users.map(({ token }) => token)];
      const switching = clients.map(async (client) => {
        await client.request({ type: "auth", token: tokens[1]! });
        await client.subscribe("diaries.*");
        while (writers.written.items.length < 400)
          await client.request({ type: "auth", token: run.random.pick(tokens) });
      });
      await Promise.all([...switching, writers.answered(400)]);
      await writers.stop();
      const checked = clients.map(({ messages }) => ensureOwned(messages));
      ensure(
        checked.some((count) => count > 10),
        "no client received enough events",
      );
      finish(run, clients);
    },
    ["some seeds", "short"],
  ],
  [
    "resubscribe",
    "However often a client subscribes and unsubscribes, it gets every change while subscribed and none otherwise.",
    async (run) => {
      await run.start();
      const clients = await connectAll(run);
      const writers = new WriterPool(run, "writers", ["notes"]).start(8);
      const resubscribing = clients.map(async (client) => {
        while (writers.written.items.length < 400) {
          await client.subscribe("notes.*");
          const [before, count] = [client.events.length, run.random.int(0, 5)];
          await client.inbox.until(() => client.events.length >= before + count || writers.written.items.length >= 400);
          await client.request({ type: "unsubscribe", pattern: "notes.*" });
        }
      });
      await Promise.all([...resubscribing, writers.answered(400)]);
      await writers.stop();
      const checked = clients.map(({ messages }) => ensureComplete(run, messages));
      ensure(
        checked.some((count) => count > 10),
        "no client received enough events",
      );
      finish(run, clients);
    },
    ["some seeds", "short"],
  ],
  [
    "unresponsive",
    "A client that stops answering pings is disconnected, without effect on the others.",
    async (run) => {
      await run.start({ args: ["--ping-seconds", "0.2", "--pong-seconds", "0.2"] });
      const responsive = await run.connectListener([{ name: "notes/*", collection: "notes" }]);
      const unresponsive = await Promise.all(
        Array.from({ length: 50 }, () => SocketClient.connect(run.url, { answersPings: false })),
      );
      for (const client of unresponsive) client.pause();
      const writers = new WriterPool(run, "writers", ["notes"]).start(4);
      await run.connected(1);
      await writers.stop();
      await run.settle([responsive]);
      for (const client of unresponsive) client.close();
    },
  ],
]);
