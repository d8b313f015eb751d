/**
 * The lower bound of fan-out over Bun's WebSockets: one send of a prepared message for each event and socket. Prints the
 * ports for subscribers and for publishing.
 */
import type { ServerWebSocket } from "bun";

const CURSOR = "0123456789abcde.10000";
const sockets = new Set<ServerWebSocket>();

const streams = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response(null, { status: 426 })),
  websocket: {
    idleTimeout: 0,
    sendPings: false,
    open: (socket) => void sockets.add(socket),
    close: (socket) => void sockets.delete(socket),
    message: () => undefined,
  },
});

const publisher = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const data = await request.text();
    const metadata = `"timestamp":"2026-01-01T00:00:00.000Z","patterns":["notes.*"],"cursor":"${CURSOR}"`;
    const message = `{"type":"record_event","collection":"notes",${data.slice(1, -1)},${metadata}}`;
    // Deferred, so that it does not delay the response.
    setImmediate(() => {
      for (const socket of sockets) socket.sendText(message);
    });
    return new Response("{}");
  },
});

console.log(JSON.stringify({ streams: streams.port, publisher: publisher.port }));
