import type { ScenarioRun } from "./scenario-run.ts";

/** Something done to a server under load, and what must hold throughout. */
export interface Scenario {
  /** `family/name`, as on the command line. */
  readonly name: string;
  /** What must hold, in one sentence. */
  readonly invariant: string;
  /** How many of the seeds it runs with; `one` if it is not randomized. */
  readonly seeds: "all" | "some" | "one";
  /** Whether `--short` includes it. */
  readonly inShort: boolean;
  /** Whether it measures, so that no other scenario may run at the same time. */
  readonly isAlone: boolean;
  readonly play: (run: ScenarioRun) => Promise<void>;
}

type ScenarioDefinition = readonly [
  name: string,
  invariant: string,
  play: Scenario["play"],
  marks?: readonly ("all seeds" | "some seeds" | "short" | "alone")[],
];

/** The scenarios of one family. `--short` runs only those marked "short". */
export const family = (title: string, scenarios: readonly ScenarioDefinition[]): readonly Scenario[] =>
  scenarios.map(([name, invariant, play, marks = []]) => ({
    name: `${title}/${name}`,
    invariant,
    seeds: marks.includes("all seeds") ? "all" : marks.includes("some seeds") ? "some" : "one",
    inShort: marks.includes("short"),
    isAlone: marks.includes("alone"),
    play,
  }));
