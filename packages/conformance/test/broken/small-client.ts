import { smallClient } from "./sse-client.ts";

/** The small client as a program: it writes each event as a line of JSON. */
await smallClient().open(process.argv.at(-1)!, [], (event) => process.stdout.write(`${JSON.stringify(event)}\n`));
