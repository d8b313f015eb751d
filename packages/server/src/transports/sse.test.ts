import { afterAll, expect, test } from "bun:test";
import { connect, type Socket } from "bun";
import { FrameBatch } from "../hub/frame-batch.ts";
import type { Wire } from "../hub/wire.ts";
import { openSse } from "./sse.ts";
import { streamFrame } from "./sse-codec.ts";

const encode = (text: string): FrameBatch => FrameBatch.of(streamFrame(text));

/** A promise and the function that fulfils it. */
function signal<T = void>(): { readonly promise: Promise<T>; readonly fire: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { promise, fire: resolve };
}

interface Connection {
  readonly wire: Wire;
  readonly closed: Promise<void>;
  drains: number;
  readonly drained: Promise<void>;
  closings: number;
}

let opened = signal<Connection>();
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  development: false,
  fetch(request, self) {
    const closed = signal();
    const drained = signal();
    let connection: Connection | undefined;
    return openSse(request, self, {
      open(wire) {
        connection = { wire, closed: closed.promise, drained: drained.promise, drains: 0, closings: 0 };
        wire.send(encode("event:hello\ndata:1\n\n"));
        opened.fire(connection);
      },
      drained() {
        connection!.drains += 1;
        drained.fire();
      },
      closed() {
        connection!.closings += 1;
        closed.fire();
      },
    });
  },
});
afterAll(() => server.stop(true));

/** A raw client: `received` returns all bytes so far, and it can stop reading. */
async function client(): Promise<{
  readonly socket: Socket;
  readonly connection: Connection;
  readonly received: () => string;
  readonly ended: Promise<"end" | "error">;
  readonly until: (text: string) => Promise<void>;
}> {
  opened = signal<Connection>();
  let text = "";
  let check = (): void => undefined;
  const ended = signal<"end" | "error">();
  const socket = await connect({
    hostname: "127.0.0.1",
    port: server.port!,
    socket: {
      data(_, bytes) {
        text += bytes.toString("latin1");
        check();
      },
      end: () => ended.fire("end"),
      error: () => ended.fire("error"),
      close: (_, error) => ended.fire(error ? "error" : "end"),
    },
  });
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const until = (wanted: string): Promise<void> =>
    new Promise((resolve) => {
      check = () => text.includes(wanted) && resolve();
      check();
    });
  return { socket, connection: await opened.promise, received: () => text, ended: ended.promise, until };
}

test("the stream opens with headers that keep proxies from buffering, and its first bytes arrive at once", async () => {
  const { until, received, socket } = await client();
  await until("data:1");
  expect(received()).toMatch(/^HTTP\/1.1 200/);
  expect(received()).toContain("Content-Type: text/event-stream");
  expect(received()).toContain("Cache-Control: no-store");
  expect(received()).toContain("X-Accel-Buffering: no");
  socket.end();
});

test("a client that leaves is noticed without a write, and once only", async () => {
  const { socket, connection, until } = await client();
  await until("data:1");
  socket.terminate();
  await connection.closed;
  expect(connection.wire.send(encode("late"))).toBe("closed");
  expect(connection.closings).toBe(1);
});

test("an orderly end completes the response and closes the connection", async () => {
  const { connection, until, received, ended } = await client();
  connection.wire.send(encode("event:last\ndata:2\n\n"));
  connection.wire.close("shutdown");
  await until("\r\n0\r\n\r\n");
  await ended;
  expect(received()).toContain("data:2");
});

test("a full socket says so and drains, and everything sent arrives", async () => {
  const { socket, connection, until } = await client();
  await until("data:1");
  socket.pause();
  const chunk = encode("x".repeat(1 << 20));
  let sent = 0;
  while (connection.wire.send(chunk) === "sent") sent += 1;
  expect(sent).toBeLessThan(64);
  expect(connection.drains).toBe(0);
  socket.resume();
  await connection.drained;
  connection.wire.send(encode("the end"));
  await until("the end");
  socket.end();
});

test("a stalled client is cut without waiting for it to read", async () => {
  const { socket, connection, ended, until } = await client();
  await until("data:1");
  socket.pause();
  while (connection.wire.send(encode("x".repeat(1 << 20))) === "sent");
  connection.wire.close("slow");
  socket.resume();
  await ended;
  expect(connection.wire.send(encode("late"))).toBe("closed");
});
