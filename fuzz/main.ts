/** `npm run fuzz`: sends odd inputs to a server, and checks that it answers them and goes on serving everyone else. */
import type { Phase } from "@headwater/testing/bystander/measurement.ts";
import { AREAS } from "./areas/all.ts";
import { type Failure, fuzzArea } from "./lib/fuzz-area.ts";
import { fuzzCommand, type Options } from "./lib/options.ts";
import { World } from "./lib/world.ts";

/** What the bystander may see, whatever else is sent; on a busy machine, relative to a server that does nothing. */
const MAX_P99_MS = 1_000;
const MAX_RATIO = 20;
const MAX_BYTES = 1e9;
/** The same fault is found again and again: only the first is printed. */
const MAX_FAILURES = 20;

async function main(options: Options): Promise<void> {
  const areas = AREAS.filter(({ name }) => options.only === undefined || name.includes(options.only));
  if (areas.length === 0) throw new Error(`no area's name contains "${options.only}"`);
  console.log(`seed ${options.seed}: ${areas.map(({ name }) => name).join(", ")}`);
  await using world = await World.open(options.server);
  world.bystander.enter("fuzz");
  const deadline = performance.now() + options.seconds * 1000;
  const failures: Failure[] = [];
  let inputs = 0;
  await Promise.all(
    areas.map(async (area) => {
      for (let seed = options.seed; performance.now() < deadline && failures.length < MAX_FAILURES; seed += 1) {
        const round = await fuzzArea(world, area, seed, options.path);
        inputs += round.inputs;
        if (round.failure && isNew(round.failure, failures)) report(round.failure, failures);
        if (options.path !== undefined) return;
      }
    }),
  );
  const faults = await faultsOf(world);
  for (const fault of faults) console.log(`FAILED ${fault}`);
  console.log(`${inputs} inputs, ${failures.length + faults.length} failures`);
  if (failures.length + faults.length > 0) process.exitCode = 1;
}

/** Without what differs from one input to the next. */
const kindOf = ({ area, message }: Failure): string =>
  `${area} ${message.replace(/^.*was answered/s, "").slice(0, 60)}`;

const isNew = (failure: Failure, failures: readonly Failure[]): boolean =>
  failures.every((other) => kindOf(other) !== kindOf(failure));

function report(failure: Failure, failures: Failure[]): void {
  failures.push(failure);
  const { area, seed, path, message, input } = failure;
  console.log(`FAILED ${area}: ${message}`);
  console.log(`  input: ${input.slice(0, 2_000)}`);
  console.log(`  repeat: npm run fuzz -- --only ${area} --seed ${seed} --path ${path}`);
}

/** What went wrong for everyone. */
async function faultsOf(world: World): Promise<string[]> {
  if (!(await world.isUp())) return ["the server is down", await world.printed()];
  const { fuzz } = await world.bystander.finish();
  const printed = await world.printed();
  return [...(printed === "" ? [] : [`the server printed ${printed.slice(0, 2_000)}`]), ...faultsIn(fuzz!)];
}

function faultsIn({ latencies, peakBytes, failures }: Phase): string[] {
  const { health, event, write, control } = latencies;
  const p99s = `health ${health.p99.toFixed(0)}, write ${write.p99.toFixed(0)}, event ${event.p99.toFixed(0)} ms`;
  console.log(`p99 of a bystander: ${p99s}; at most ${(peakBytes / 1e6).toFixed(0)} MB`);
  const bound = Math.max(MAX_P99_MS, MAX_RATIO * control.p99);
  const slow = [health, write, event].some(({ p99 }) => p99 > bound) ? [`a bystander waited: ${p99s}`] : [];
  const large = peakBytes > MAX_BYTES ? [`the server took ${(peakBytes / 1e6).toFixed(0)} MB`] : [];
  return [...slow, ...large, ...failures.map((failure) => `a bystander saw ${failure}`)];
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
await fuzzCommand(main)
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.stack : error);
    process.exitCode = 1;
  });
// Timers of timeouts that never fired would keep the process alive.
process.exit();
