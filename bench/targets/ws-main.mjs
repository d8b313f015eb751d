/**
 * Forwards each posted message to all WebSockets, as in the manual of `ws`, except that the message is encoded only once.
 * Runs on Node. Prints the ports for subscribers and for publishing.
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
