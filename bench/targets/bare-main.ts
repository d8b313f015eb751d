/**
 * The least that a fan-out can cost: sockets in an array, and one write of the finished bytes for each event and
 * socket. Prints the ports of its streams and of its publisher. Bare sockets, since they cost a little less than Bun's
 * streams; it understands no HTTP but that a client which says something wants the stream.
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
    // Not in here, where it would hold up the answer.
    setImmediate(() => {
      for (const socket of sockets) socket.write(chunk);
    });
    return new Response("{}");
  },
});

/** As a chunk of the transfer coding (RFC 9112, section 7.1), as every HTTP server sends it. */
function chunkOf(data: string): Uint8Array {
  const event = `id:${CURSOR}\nevent:notes/*\ndata:${data}\n\n`;
  return encoder.encode(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`);
}

console.log(JSON.stringify({ streams: streams.port, publisher: publisher.port }));
