/** A chat: `npx bun examples/chat/main.ts`, then open the address in two windows. */
import { createApp } from "headwater";
import { messages, people } from "./collections.ts";

const app = await createApp({
  dir: process.env["CHAT_DIR"] ?? `${import.meta.dir}/data`,
  port: Number(process.env["CHAT_PORT"] ?? 8090),
  collections: [people, messages],
  logLevel: "warn",
});

// The channels for presence in a room.
app.realtime.channel("room-*", { subscribe: "@request.auth.id != ''" });

// Users can only write as themselves, under their own name.
app.before("create", messages, ({ values, caller }) => {
  if (caller.kind !== "user") return;
  values.author = caller.record!.id;
  values.name = String(caller.record!["name"]);
});

// The client package, bundled for browsers.
const built = await Bun.build({
  entrypoints: [Bun.fileURLToPath(import.meta.resolve("@headwater/client"))],
  target: "browser",
  minify: true,
});
const script = await built.outputs[0]!.text();

app.route("GET", "/", () => new Response(Bun.file(`${import.meta.dir}/page.html`)));
app.route("GET", "/client.js", () => new Response(script, { headers: { "Content-Type": "text/javascript" } }));

const { url } = app.start();
process.stdout.write(`The chat is open: ${url}/\n`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void app.stop().then(() => process.exit()));
}
