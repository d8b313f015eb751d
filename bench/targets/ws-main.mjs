/**
 * Hands what is posted on to all WebSockets, as the manual of the package does it, but for one thing: the message is
 * made into bytes once. Runs on Node. Prints the ports of its sockets and of its publisher.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const streams = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false, clientTracking: true });

const publisher = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const data = Buffer.concat(chunks);
  response.end("{}");
  setImmediate(() => {
    for (const client of streams.clients) client.send(data, { binary: false });
  });
}).listen(0, "127.0.0.1");

await Promise.all([once(streams, "listening"), once(publisher, "listening")]);
console.log(JSON.stringify({ streams: streams.address().port, publisher: publisher.address().port }));
