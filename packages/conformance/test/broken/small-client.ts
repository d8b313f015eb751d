import { smallClient } from "./sse-client.ts";

/** The small client as a program: events are lines of JSON. */
await smallClient().open(process.argv.at(-1)!, [], (event) => process.stdout.write(`${JSON.stringify(event)}\n`));
