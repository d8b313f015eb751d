import type { Case, CaseResult, Outcome, Profile, Report } from "./case.ts";
import { NotOffered } from "./checks.ts";
import { type Clock, type ClockOptions, clockOf } from "./clock.ts";
import { within } from "./deadline.ts";
import { Scope } from "./scope.ts";

export interface RunOptions {
  /** What is tested, as the report names it. */
  readonly target: string;
  /** Runs only cases whose group or name contains this text, ignoring case. */
  readonly only?: string | undefined;
  /** Ends the run at the first failure; the report has the cases up to then. */
  readonly bail?: boolean | undefined;
  /** All windows of time. */
  readonly clock?: ClockOptions | undefined;
  readonly onResult?: ((result: CaseResult) => void) | undefined;
}

const SETUP_MS = 60_000;

/** Runs the cases in order and reports. Never rejects: errors are in the report. */
export async function runProfile<Options, World>(
  profile: Profile<Options, World>,
  options: Options,
  { target, only, bail = false, clock: times, onResult }: RunOptions,
): Promise<Report> {
  const from = performance.now();
  const started = new Date().toISOString();
  const clock = clockOf(times, profile.heartbeatMs);
  const setup = new Scope(clock);
  const results: CaseResult[] = [];
  const record = (result: CaseResult): void => {
    results.push(result);
    onResult?.(result);
  };
  const cases = profile.cases.filter((each) => matches(each, only));
  try {
    const context = await within(profile.open(options, setup), SETUP_MS, "the end of the setup");
    const bailing = new AbortController();
    const bailed = rejectionOf(bailing.signal);
    // Starts the cases that run alongside before waiting for the first.
    const running = startAll(cases, context, clock, bailed);
    for (const result of running) {
      record(await result);
      if (!bail || results.at(-1)!.outcome.kind !== "failed") continue;
      bailing.abort(new Error("the run ended at the first failure"));
      await Promise.all(running);
      break;
    }
  } catch (error) {
    const outcome = failure(`setup: ${reasonOf(error)}`, setup);
    for (const each of cases.slice(results.length)) record(resultOf(each, outcome, setup, performance.now()));
  }
  const leftovers = await setup.close();
  if (leftovers.length > 0) record(cleanupFailure(leftovers));
  const milliseconds = Math.round(performance.now() - from);
  return { profile: profile.name, judges: profile.subject, target, runtime: runtime(), started, milliseconds, results };
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
  rejection.catch(() => undefined);
  return rejection;
}

/** Starts cases marked `alongside` at once, and each of the others when the one before it ends. */
function startAll<World>(
  cases: readonly Case<World>[],
  context: World,
  clock: Clock,
  stop: Promise<never>,
): Promise<CaseResult>[] {
  let last: Promise<unknown> = Promise.resolve();
  return cases.map((each) => {
    if (each.alongside) return runCase(each, context, clock, stop);
    const result = last.then(() => runCase(each, context, clock, stop));
    last = result;
    return result;
  });
}

async function runCase<World>(
  each: Case<World>,
  context: World,
  clock: Clock,
  stop: Promise<never>,
): Promise<CaseResult> {
  const from = performance.now();
  const scope = new Scope(clock);
  const limit = each.timeoutMs?.(clock) ?? clock.caseMs;
  let outcome: Outcome;
  try {
    // First, so that a run that has ended starts no more cases.
    await Promise.race([stop, Promise.resolve()]);
    await Promise.race([stop, within(each.run(context, scope), limit, "the end of the case")]);
    outcome = { kind: "passed" };
  } catch (error) {
    outcome =
      error instanceof NotOffered ? { kind: "not-offered", reason: error.message } : failure(reasonOf(error), scope);
  }
  const leftovers = await scope.close();
  if (leftovers.length > 0 && outcome.kind === "passed") outcome = failure(`cleanup: ${leftovers.join("; ")}`, scope);
  return resultOf(each, outcome, scope, from);
}

const failure = (reason: string, { log }: Scope): Outcome => ({
  kind: "failed",
  reason,
  log: log.entries,
  bytes: log.bytes,
});

export const matches = <World>({ group, name }: Case<World>, only = ""): boolean =>
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
  outcome: { kind: "failed", reason: leftovers.join("; "), log: [], bytes: [] },
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
