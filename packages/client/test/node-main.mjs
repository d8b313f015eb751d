/** The program of node.test.ts. Arguments: the built package and the server's URL. Takes commands from standard input. */
import { createInterface } from "node:readline";

const [, , modulePath, url] = process.argv;
const { createClient, filter, isHeadwaterError } = await import(modulePath);
const client = createClient(url, { limits: { minMs: 1, baseMs: 5, maxMs: 20 } });
const print = (what, value) => process.stdout.write(`${JSON.stringify([what, value])}\n`);

await client.authenticate("root@example.com", "1234567890", { collection: "_superusers" });
const notes = client.collection("notes");
const subscription = client.realtime().subscribeToCollection("notes", { filter: filter`title ~ ${"node"}` });
await subscription.ready;
const list = await notes.live({ sort: "-title" });
subscription.forEach((event) =>
  print("event", event.action === "resync" ? event.reason : [event.action, event.record.title]),
);
print(
  "ready",
  await client
    .realtime()
    .subscribeToCollection("nowhere")
    .ready.catch((error) => isHeadwaterError(error) && error.code),
);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === "write") {
    const { id } = await notes.create({ title: "node 1", file: undefined });
    await notes.update(id, { title: "node 2" });
    await notes.delete(id);
  }
  if (line === "list")
    print(
      "list",
      list.items.map(({ title }) => title),
    );
  if (line === "stats") print("stats", client.realtime().stats.reconnects);
  if (line === "close") break;
}
list.close();
client.close();
await subscription.closed.catch((error) => print("closed", error.code));
// After this, nothing may keep the process alive.
process.stdin.destroy();
