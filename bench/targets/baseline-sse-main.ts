/**
 * The lower bound of fan-out over event streams: one write of prepared bytes for each event and socket. Prints the ports
 * for subscribers and for publishing. Uses raw sockets, which cost slightly less than Bun's streams; it does not parse
 * HTTP, but treats any data from a client as a request for the stream.
 */
import type { Socket } from "bun";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const CURSOR = "0123456789abcde.10000";

const encoder = new TextEncoder();
const sockets = new Set<Socket>();

const streams = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    data(socket) {
      sockets.add(socket);
      socket.write(HEAD);
    },
    close: (socket) => void sockets.delete(socket),
    error: (socket) => void sockets.delete(socket),
  },
});

const publisher = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const chunk = chunkOf(await request.text());
    // Deferred, so that it does not delay the response.
    setImmediate(() => {
      for (const socket of sockets) socket.write(chunk);
    });
    return new Response("{}");
  },
});

/** Encodes the event as a chunk (RFC 9112, section 7.1), as HTTP servers send it. */
function chunkOf(data: string): Uint8Array {
  const event = `id:${CURSOR}\nevent:notes/*\ndata:${data}\n\n`;
  return encoder.encode(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`);
}

console.log(JSON.stringify({ streams: streams.port, publisher: publisher.port }));
