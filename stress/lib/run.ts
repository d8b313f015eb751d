import { faultsOf, NO_FAULTS, type Verdict } from "./checker.ts";
import type { Scenario } from "./scenario.ts";
import { ScenarioRun } from "./scenario-run.ts";
import { within } from "./within.ts";
import type { Figures } from "./attack/figures.ts";
import type { TransportKind } from "./transports.ts";
import type { SeedFolder } from "./seed-folder.ts";

/** One scenario to run with one seed. */
export interface PlannedRun {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly transport: TransportKind;
}

export interface Outcome extends PlannedRun {
  readonly verdict: Verdict;
  /** Describes a failure other than a wrong event. */
  readonly failure: string | undefined;
  readonly seconds: number;
  readonly figures: Figures | undefined;
}

const SCENARIO_TIMEOUT_MS = 150_000;

export const isOk = ({ verdict, failure }: Outcome): boolean => failure === undefined && faultsOf(verdict) === 0;

export async function run(seedFolder: SeedFolder, plannedRun: PlannedRun, isShort: boolean): Promise<Outcome> {
  const { scenario, seed, transport } = plannedRun;
  const startedAt = performance.now();
  let verdict = NO_FAULTS;
  let failure: string | undefined;
  await using scenarioRun = new ScenarioRun(seedFolder, seed, isShort, transport);
  try {
    await within(scenario.play(scenarioRun), "the end of the scenario", SCENARIO_TIMEOUT_MS);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  try {
    verdict = scenarioRun.verify();
  } catch (error) {
    failure ??= `the log could not be read: ${String(error)}`;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return { ...plannedRun, verdict, failure, seconds, figures: scenarioRun.figures };
}
