import { expect, test } from "bun:test";
import { mayReconnect, parseServerMessage, type ServerMessage } from "@headwater/protocol";
import { request } from "@headwater/testing/clients/request.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { useSocketServer } from "./socket-server.ts";

const server = useSocketServer();

/** Connects with Bun's implementation of the standard WebSocket class. */
function open(protocols: string[] = []): { readonly socket: WebSocket; readonly inbox: Inbox<ServerMessage> } {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/realtime/subscribe`, protocols);
  const inbox = new Inbox<ServerMessage>();
  socket.addEventListener("message", ({ data }) => inbox.push(parseServerMessage(String(data))!));
  return { socket, inbox };
}

const closing = (socket: WebSocket): Promise<CloseEvent> =>
  new Promise((resolve) => socket.addEventListener("close", resolve));

test("a standard WebSocket signs in by subprotocol, subscribes and receives events", async () => {
  const { socket, inbox } = open(["headwater", `token.${server.user.token}`]);
  await inbox.until(({ length }) => length === 1);
  expect(socket.protocol).toBe("headwater");
  expect(inbox.items).toMatchObject([{ type: "connected", auth: { id: server.user.id } }]);
  socket.send(JSON.stringify({ type: "subscribe", pattern: "inner.*", id: 1 }));
  await inbox.until(({ length }) => length === 2);
  await server.superuser.create("inner", { title: "🌊 of any script: ø, 水" });
  await inbox.until(({ length }) => length === 3);
  expect(inbox.items.slice(1)).toMatchObject([
    { type: "subscribed", id: 1 },
    { type: "record_event", record: { title: "🌊 of any script: ø, 水" } },
  ]);
  const closed = closing(socket);
  socket.close(1000, "done");
  expect((await closed).code).toBe(1000);
});

test("a standard WebSocket gets the close code", async () => {
  const { socket, inbox } = open();
  await inbox.until(({ length }) => length === 1);
  const closed = closing(socket);
  for (let i = 0; i < 300; i += 1) socket.send("?");
  const { code } = await closed;
  expect([1008, 1006]).toContain(code);
  expect(mayReconnect(1008)).toBe(false);
});

test("SSE subscribe requests cannot change a WebSocket's subscriptions", async () => {
  const client = await server.connect();
  await client.subscribe("notes.*");
  const body = { clientId: client.hello.connectionId, subscriptions: [] };
  expect((await request(server.url, "POST", "/api/realtime", { body })).status).toBe(404);
  expect(await server.showConnection(client)).toMatchObject({ subscriptions: ["notes.*"] });
});
