import { check, notOffered } from "../../core/checks.ts";
import type { Scope } from "../../core/scope.ts";
import type { ClientContext } from "../context.ts";
import type { RuleName } from "../model/rules.ts";
import { toBytes } from "../scripted-response.ts";
import { type ClientCase, clientCase } from "./client-case.ts";

const group = "Memory";

/** A client that keeps half of what it reads grows by twice what clients may vary by. */
const TIMES_NOISE = 4;

const CHUNK_LENGTH = 64 << 10;

/** Sends far more than a client may keep, and looks at its memory before and after. */
async function readMuch({ start, driver }: ClientContext, scope: Scope, block: string): Promise<void> {
  const { memoryNoise: noise } = driver;
  if (noise === undefined) notOffered(`the memory of ${driver.name} can't be separated from that of the kit`);
  const chunk = toBytes(block.repeat(Math.ceil(Math.min(CHUNK_LENGTH, noise) / block.length)));
  const count = Math.ceil((TIMES_NOISE * noise) / chunk.length);
  const warmUp = Array.from({ length: Math.ceil(count / 8) }, () => chunk);
  const chunks = [...warmUp, "data:begin\n\n", ...Array.from({ length: count }, () => chunk), "data:end\n\n"];
  const { events, memory } = await start(scope, [{ chunks, betweenMs: 0, staysOpen: true }]);
  const used = async (mark: string): Promise<number> => {
    const hasMark = (): boolean => events.items.some(({ data }) => data.endsWith(mark));
    await events.until(hasMark, Math.max(scope.patienceMs, 20_000), `the event ${mark}`);
    return (await memory?.()) ?? 0;
  };
  const before = await used("begin");
  const grown = (await used("end")) - before;
  scope.measure("sentBytes", count * chunk.length);
  scope.measure("grownBytes", Math.max(0, grown));
  check(grown < 2 * noise, `it reads ${count * chunk.length} bytes, and its memory grows by ${grown} bytes`);
}

const memoryCase = (rule: RuleName, name: string, block: string): ClientCase =>
  clientCase({ group, rule, name }, (context, scope) => readMuch(context, scope, block));

/** The events have a name that nobody listens for, so that it is the client that is measured and not its application. */
export const memoryCases: readonly ClientCase[] = [
  memoryCase("comment", "comments use no memory, even without an end of the event", `:${"x".repeat(999)}\n`),
  memoryCase("buffersEmptied", "events that are over use no memory", `event:flood\ndata:${"x".repeat(990)}\n\n`),
];
