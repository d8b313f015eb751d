import { type Case, CASE_TIMEOUT_MS, type CaseResult, type Outcome, type Profile, type Report } from "./case.ts";
import { NotOffered } from "./checks.ts";
import { within } from "./deadline.ts";
import { Scope } from "./scope.ts";

export interface RunOptions {
  /** What is judged, as the report names it. */
  readonly target: string;
  /** Cases whose group and name contain this, whatever the letters' case; all without it. */
  readonly only?: string | undefined;
  /** What has not happened after so many milliseconds will not; {@link PATIENCE_MS} unless told otherwise. */
  readonly patienceMs?: number | undefined;
  readonly onResult?: ((result: CaseResult) => void) | undefined;
}

/** Enough for a machine under load. */
const PATIENCE_MS = 10_000;
const SETUP_MS = 60_000;

/** Runs every case, one after the other, and reports. Never rejects: what goes wrong is in the report. */
export async function runProfile<Options, World>(
  profile: Profile<Options, World>,
  options: Options,
  { target, only, patienceMs = PATIENCE_MS, onResult }: RunOptions,
): Promise<Report> {
  const from = performance.now();
  const started = new Date().toISOString();
  const setup = new Scope(patienceMs);
  const results: CaseResult[] = [];
  const record = (result: CaseResult): void => {
    results.push(result);
    onResult?.(result);
  };
  const cases = profile.cases.filter((each) => matches(each, only));
  try {
    const world = await within(profile.open(options, setup), SETUP_MS, "the end of the setup");
    // All have begun before the first is waited for.
    for (const result of startAll(cases, world, patienceMs)) record(await result);
  } catch (error) {
    const outcome: Outcome = { kind: "failed", reason: `setup: ${reasonOf(error)}`, log: setup.log.entries };
    for (const each of cases.slice(results.length)) record(resultOf(each, outcome, setup, performance.now()));
  }
  const leftovers = await setup.close();
  if (leftovers.length > 0) record(leftoverResult(leftovers));
  const milliseconds = Math.round(performance.now() - from);
  return { profile: profile.name, judges: profile.judges, target, runtime: runtime(), started, milliseconds, results };
}

/** Those that mostly wait begin at once, the others when the one before them is over. */
function startAll<World>(cases: readonly Case<World>[], world: World, patienceMs: number): Promise<CaseResult>[] {
  let last: Promise<unknown> = Promise.resolve();
  return cases.map((each) => {
    if (each.alongside) return runCase(each, world, patienceMs);
    const result = last.then(() => runCase(each, world, patienceMs));
    last = result;
    return result;
  });
}

async function runCase<World>(each: Case<World>, world: World, patienceMs: number): Promise<CaseResult> {
  const from = performance.now();
  const scope = new Scope(patienceMs);
  const { timeoutMs = CASE_TIMEOUT_MS } = each;
  const limit = typeof timeoutMs === "number" ? timeoutMs : timeoutMs(world);
  let outcome: Outcome;
  try {
    await within(each.run(world, scope), limit, "the end of the case");
    outcome = { kind: "passed" };
  } catch (error) {
    outcome =
      error instanceof NotOffered
        ? { kind: "not-offered", reason: error.message }
        : { kind: "failed", reason: reasonOf(error), log: scope.log.entries };
  }
  const leftovers = await scope.close();
  if (leftovers.length > 0 && outcome.kind === "passed")
    outcome = { kind: "failed", reason: `cleanup: ${leftovers.join("; ")}`, log: scope.log.entries };
  return resultOf(each, outcome, scope, from);
}

const matches = <World>({ group, name }: Case<World>, only = ""): boolean =>
  `${group}: ${name}`.toLowerCase().includes(only.toLowerCase());

const resultOf = <World>(
  { group, name, standard }: Case<World>,
  outcome: Outcome,
  { figures }: Scope,
  from: number,
): CaseResult => ({ group, name, standard, outcome, figures, milliseconds: Math.round(performance.now() - from) });

const leftoverResult = (leftovers: readonly string[]): CaseResult => ({
  group: "Cleanup",
  name: "What was set up is removed",
  standard: { source: "headwater-conformance", sentence: "It sets up and removes what it needs." },
  outcome: { kind: "failed", reason: leftovers.join("; "), log: [] },
  figures: {},
  milliseconds: 0,
});

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function runtime(): string {
  const { Bun, process, navigator } = globalThis as {
    readonly Bun?: { readonly version: string };
    readonly process?: { readonly versions?: { readonly node?: string } };
    readonly navigator?: { readonly userAgent?: string };
  };
  if (Bun) return `Bun ${Bun.version}`;
  if (process?.versions?.node !== undefined) return `Node ${process.versions.node}`;
  return navigator?.userAgent ?? "unknown";
}
