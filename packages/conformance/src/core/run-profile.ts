import { type Case, CASE_TIMEOUT_MS, type CaseResult, type Outcome, type Profile, type Report } from "./case.ts";
import { NotOffered } from "./checks.ts";
import { within } from "./deadline.ts";
import { Scope } from "./scope.ts";

export interface RunOptions {
  /** What is tested, as the report names it. */
  readonly target: string;
  /** Runs only cases whose group or name contains this text, ignoring case. */
  readonly only?: string | undefined;
  /** How long to wait for an event, in milliseconds; {@link PATIENCE_MS} by default. */
  readonly patienceMs?: number | undefined;
  readonly onResult?: ((result: CaseResult) => void) | undefined;
}

/** Long enough for a machine under load. */
const PATIENCE_MS = 10_000;
const SETUP_MS = 60_000;

/** Runs the cases in order and reports. Never rejects: errors are in the report. */
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
    const context = await within(profile.open(options, setup), SETUP_MS, "the end of the setup");
    // Starts the cases that run alongside before waiting for the first.
    for (const result of startAll(cases, context, patienceMs)) record(await result);
  } catch (error) {
    const outcome: Outcome = { kind: "failed", reason: `setup: ${reasonOf(error)}`, log: setup.log.entries };
    for (const each of cases.slice(results.length)) record(resultOf(each, outcome, setup, performance.now()));
  }
  const leftovers = await setup.close();
  if (leftovers.length > 0) record(cleanupFailure(leftovers));
  const milliseconds = Math.round(performance.now() - from);
  return { profile: profile.name, judges: profile.subject, target, runtime: runtime(), started, milliseconds, results };
}

/** Starts cases marked `alongside` at once, and each of the others when the one before it ends. */
function startAll<World>(cases: readonly Case<World>[], context: World, patienceMs: number): Promise<CaseResult>[] {
  let last: Promise<unknown> = Promise.resolve();
  return cases.map((each) => {
    if (each.alongside) return runCase(each, context, patienceMs);
    const result = last.then(() => runCase(each, context, patienceMs));
    last = result;
    return result;
  });
}

async function runCase<World>(each: Case<World>, context: World, patienceMs: number): Promise<CaseResult> {
  const from = performance.now();
  const scope = new Scope(patienceMs);
  const { timeoutMs = CASE_TIMEOUT_MS } = each;
  const limit = typeof timeoutMs === "number" ? timeoutMs : timeoutMs(context);
  let outcome: Outcome;
  try {
    await within(each.run(context, scope), limit, "the end of the case");
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

const cleanupFailure = (leftovers: readonly string[]): CaseResult => ({
  group: "Cleanup",
  name: "Everything that was set up is removed",
  standard: { source: "headwater-conformance", sentence: "It removes everything that it sets up." },
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
