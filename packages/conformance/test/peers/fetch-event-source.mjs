// Runs @microsoft/fetch-event-source, from the current folder, as a program for `headwater-conformance client`.
// The package is made for browsers. It has its defaults here, and an `onclose` that throws, which makes it reconnect.
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

const nothing = () => undefined;
Object.assign(globalThis, {
  window: globalThis,
  document: { hidden: false, addEventListener: nothing, removeEventListener: nothing },
});
const load = createRequire(join(process.cwd(), "package.json"));
const { fetchEventSource } = load("@microsoft/fetch-event-source");

const names = new Set(["", "message", ...process.env.SSE_EVENTS.split(" ")]);
let lastEventId = "";
await fetchEventSource(process.argv[2], {
  onclose() {
    throw new Error("the stream ended");
  },
  onmessage({ event, data, id }) {
    lastEventId = id === "" ? lastEventId : id;
    const line = { event: event === "" ? "message" : event, data, lastEventId };
    if (names.has(event)) process.stdout.write(`${JSON.stringify(line)}\n`);
  },
}).catch(nothing);
