// Runs an EventSource as a program for `headwater-conformance client --states --command "node event-source.mjs NAME"`.
// NAME is a package in the current folder, or `global` for the runtime's own EventSource.
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

const [name, url] = process.argv.slice(2);
const load = createRequire(join(process.cwd(), "package.json"));
const EventSource = name === "global" ? globalThis.EventSource : load(name).EventSource;
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const source = new EventSource(url);
const report = () => print({ state: ["connecting", "open", "closed"][source.readyState] });
report();
for (const type of ["open", "error"]) source.addEventListener(type, report);
for (const type of ["message", ...process.env.SSE_EVENTS.split(" ")])
  source.addEventListener(type, ({ data, lastEventId }) => print({ event: type, data, lastEventId }));
// Keeps the program running while the source has no socket.
setInterval(() => undefined, 60_000);
