import { expect, setDefaultTimeout, test } from "bun:test";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { SseStream } from "@headwater/testing/clients/sse-stream.ts";
import pino from "pino";
import { openLibraryApp } from "../testing/library-app.ts";
import { play } from "../testing/scenario.ts";
import { ConnectionLog } from "./connection-log.ts";

setDefaultTimeout(60_000);

const { app, log } = await openLibraryApp();
const { url } = app.start();
const account = { email: "ann@example.com", password: "1234567890" };
const { id } = await app.records("users").create(account);
const signIn = (password: string): Promise<Response> => {
  const body = { identity: account.email, password };
  return play(url, { method: "POST", path: "/api/collections/users/auth-with-password", body });
};
const { token } = (await (await signIn(account.password)).json()) as { token: string };
const user = `users/${id}`;

type Line = Readonly<Record<string, unknown>>;
const linesOf = (msg: string, about: Line): Line[] =>
  log.filter((line) => line["msg"] === msg && Object.entries(about).every(([key, value]) => line[key] === value));
async function untilLogged(msg: string, about: Line): Promise<Line> {
  while (linesOf(msg, about).length === 0) await Bun.sleep(5);
  return linesOf(msg, about).at(-1)!;
}

const openStream = (path: string, headers: Record<string, string> = {}): Promise<SseStream> =>
  SseStream.open(url + path, { onBlock: () => {} }, headers);

test("connections are logged at debug, with their user, their number of clients, the reason of their end and the time", async () => {
  const stream = await SseClient.connect(url);
  await stream.subscribe(["chat"], token);
  expect(await untilLogged("connected", { connection: stream.id })).toMatchObject({ level: 20, kind: "sse", user: "" });
  expect(await untilLogged("subscribed", { connection: stream.id })).toMatchObject({
    user,
    clients: 1,
    subscriptions: 1,
  });
  const socket = await SocketClient.connect(url, { headers: { authorization: token } });
  const connection = socket.hello.connectionId;
  expect(await untilLogged("connected", { connection })).toMatchObject({ kind: "websocket", user, clients: 2 });
  stream.close();
  const ended = await untilLogged("disconnected", { connection: stream.id });
  expect(ended).toMatchObject({ level: 20, kind: "sse", user, clients: 1, reason: "client", ms: expect.any(Number) });
  await socket.request({ type: "sync", on: true });
  await app.sync.poke(user);
  await untilLogged("poke sent", { user });
  // Pings without end.
  for (let i = 0; i < 200; i += 1) socket.send({ type: "ping" });
  expect(await untilLogged("disconnected", { connection })).toMatchObject({ reason: "flood", user });
});

test("poke streams and event streams are logged alike", async () => {
  const pokes = await openStream("/api/v1/replicache/stream", { authorization: token });
  expect(await untilLogged("connected", { kind: "poke" })).toMatchObject({ user });
  await app.records("users").update(id, { name: "Ann" });
  await untilLogged("poke sent", { user });
  pokes.close();
  expect(await untilLogged("disconnected", { kind: "poke" })).toMatchObject({ user, reason: "client" });

  app.tasks.define("quick", () => 1);
  const task = await app.tasks.start("quick");
  await openStream(`/api/tasks/${task.id}/stream`, { "x-request-id": "of-the-task" });
  expect(await untilLogged("disconnected", { kind: "event-stream", request: "of-the-task" })).toMatchObject({
    reason: "completed",
  });
});

test("failed authentication is logged without the password or the token", async () => {
  const secret = `${token.slice(0, -4)}HUSH`;
  await signIn("HUSH567890");
  await play(url, { path: "/api/collections/users/records", token: secret });
  await openStream(`/api/v1/replicache/stream?ticket=${secret}`).catch(() => {});
  using socket = await SocketClient.connect(url, { query: `?token=${secret}` });
  await socket.request({ type: "auth", token: secret });
  await untilLogged("authentication failed", { request: socket.hello.connectionId });
  const failed = linesOf("authentication failed", {});
  expect(failed.length).toBe(5);
  expect(failed.every(({ level, request, reason }) => level === 20 && Boolean(request) && Boolean(reason))).toBe(true);
  expect(JSON.stringify(log)).not.toContain("HUSH");
  expect(JSON.stringify(log)).not.toContain(token);
});

test("what is connected is summarized at info, while anything is", async () => {
  const lines: Line[] = [];
  const logger = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const counts = { principals: 3, countOf: (key: string) => (key === "" ? 2 : 1) };
  const summary = new ConnectionLog(logger, counts);
  summary.summarize();
  const stream = { kind: "sse", address: "::1", request: "r", session: undefined, user: "" } as const;
  summary.opened(stream);
  summary.opened({ ...stream, kind: "websocket" });
  summary.closed(stream, "client", 5);
  summary.summarize();
  summary.summarize();
  summary.closed({ ...stream, kind: "websocket" }, "client", 5);
  summary.summarize();
  summary.summarize();
  expect(lines.map(({ msg, level }) => [msg, level])).toEqual([
    ["connections", 30],
    ["connections", 30],
    ["connections", 30],
  ]);
  const kinds = { sse: 0, websocket: 1, poke: 0, "event-stream": 0 };
  expect(lines).toMatchObject([
    { open: 1, ...kinds, users: 2, opened: 2, closed: 1, pokes: 0 },
    { open: 1, ...kinds, opened: 0, closed: 0 },
    { open: 0, closed: 1 },
  ]);
});
