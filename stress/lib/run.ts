import { faultsOf, NOTHING_WRONG, type Verdict } from "./checker.ts";
import type { Scenario } from "./scenario.ts";
import { ScenarioRun } from "./scenario-run.ts";
import { within } from "./within.ts";
import type { TransportKind } from "./transports.ts";
import type { SeedFolder } from "./seed-folder.ts";

/** One scenario with one seed. */
export interface ScenarioTurn {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly transport: TransportKind;
}

export interface Outcome extends ScenarioTurn {
  readonly verdict: Verdict;
  /** What failed besides the events themselves, in words. */
  readonly failure: string | undefined;
  readonly seconds: number;
}

const SCENARIO_TIMEOUT_MS = 100_000;

export const isOk = ({ verdict, failure }: Outcome): boolean => failure === undefined && faultsOf(verdict) === 0;

export async function run(world: SeedFolder, turn: ScenarioTurn, isShort: boolean): Promise<Outcome> {
  const { scenario, seed, transport } = turn;
  const begin = performance.now();
  let verdict = NOTHING_WRONG;
  let failure: string | undefined;
  await using scenarioRun = new ScenarioRun(world, seed, isShort, transport);
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
  return { ...turn, verdict, failure, seconds: (performance.now() - begin) / 1000 };
}
