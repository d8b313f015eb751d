/** A todo list that works without a network: `npx bun examples/offline-todo/main.ts`, then open it in two browsers. */
import { join } from "node:path";
import { createApp, filter } from "headwater";
import { people, todos } from "./collections.ts";

const app = await createApp({
  dir: process.env["TODO_DIR"] ?? join(import.meta.dir, "data"),
  port: Number(process.env["TODO_PORT"] ?? 8090),
  collections: [people, todos],
  logLevel: "warn",
});

// A mutator runs in one transaction, so no browser ever sees half of it.
app.mutator("sweep", async ({ records, caller }) => {
  const own = filter`done = true && author = ${caller.record!.id}`;
  const { items } = await records(todos).list({ filter: own, perPage: 1000 });
  for (const { id } of items) await records(todos).delete(id);
});

const built = await Bun.build({ entrypoints: [join(import.meta.dir, "page.js")], target: "browser" });
const script = await built.outputs[0]!.text();
const page = await Bun.file(join(import.meta.dir, "page.html")).text();
const respond = (body: string, type: string) => () => new Response(body, { headers: { "Content-Type": type } });
app.route("GET", "/", respond(page, "text/html; charset=utf-8"));
app.route("GET", "/page.js", respond(script, "text/javascript; charset=utf-8"));

const { url } = app.start();
process.stdout.write(`The list is open: ${url}/\n`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void app.stop().then(() => process.exit()));
}
