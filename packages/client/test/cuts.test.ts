import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Socket } from "bun";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { Client, memoryStore } from "../src/index.ts";
import { seededMathRandom } from "@headwater/testing/lib/seeded-random.ts";

setDefaultTimeout(120_000);

const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);
const WRITES = 300;
const LIMITS = { minMs: 1, baseMs: 5, maxMs: 30, maxRetryAfterMs: 20 } as const;

interface Pair {
  peer: Socket<Pair> | undefined;
  /** Bytes received before the other side is connected. */
  early: Uint8Array[];
  /** Bytes left until the cut. */
  left: number;
}

/** A proxy that resets each connection after `bytesOf()` bytes. */
function cuttingProxy(
  port: number,
  bytesOf: () => number,
): { readonly url: string; readonly cuts: () => number } & Disposable {
  let cuts = 0;
  const forward = (socket: Socket<Pair>, bytes: Uint8Array): void => {
    const { peer, left } = socket.data;
    if (!peer) return void socket.data.early.push(bytes);
    peer.write(bytes.subarray(0, left));
    peer.flush();
    socket.data.left -= bytes.length;
    if (socket.data.left > 0) return;
    cuts += 1;
    peer.terminate();
    socket.terminate();
  };
  const end = (socket: Socket<Pair>): void => void socket.data.peer?.end();
  const front = Bun.listen<Pair>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      async open(socket) {
        socket.data = { peer: undefined, early: [], left: Infinity };
        const peer = await Bun.connect<Pair>({
          hostname: "127.0.0.1",
          port,
          data: { peer: socket, early: [], left: bytesOf() },
          socket: { data: forward, close: end, error: end },
        });
        socket.data.peer = peer;
        for (const bytes of socket.data.early.splice(0)) forward(socket, bytes);
      },
      data: forward,
      close: end,
      error: end,
    },
  });
  return { url: `http://127.0.0.1:${front.port}`, cuts: () => cuts, [Symbol.dispose]: () => front.stop(true) };
}

let server: ServerProcess;
let admin: SuperuserClient;

beforeAll(async () => {
  server = await startServer();
  admin = await SuperuserClient.signIn(server.url);
  await admin.createCollection(PUBLIC_NOTES);
});

afterAll(() => server[Symbol.asyncDispose]());

describe.each(["sse", "websocket"] as const)("over %s", (transport) => {
  test(`connections cut after any byte neither lose, duplicate nor reorder events (HEADWATER_SEED=${SEED})`, async () => {
    const random = seededMathRandom(SEED);
    using proxy = cuttingProxy(server.port, () => 200 + Math.floor(random() ** 2 * 20_000));
    const client = new Client(proxy.url, { store: memoryStore(), limits: LIMITS, transport });
    const { cursor } = await new Client(server.url, { store: memoryStore() }).collection("notes").list();
    const inboxes = ["count < 200", "count >= 100"].map((filter) => {
      const inbox = new Inbox<number>();
      client
        .collection("notes")
        .subscribe({ filter, since: cursor, check: false })
        .forEach((event) => inbox.push(event.action === "create" ? Number(event.record["count"]) : -1));
      return inbox;
    });
    for (let count = 0; count < WRITES; count += 1) await admin.create("notes", { count, title: "x".repeat(50) });
    const expected = Array.from({ length: WRITES }, (_, count) => count);
    for (const [inbox, from, to] of [
      [inboxes[0]!, 0, 200],
      [inboxes[1]!, 100, WRITES],
    ] as const) {
      await inbox.until((counts) => counts.includes(to - 1));
      expect(inbox.items).toEqual(expected.slice(from, to));
    }
    expect(proxy.cuts()).toBeGreaterThan(3);
    client.close();
  });
});
