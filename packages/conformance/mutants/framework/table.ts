import type { SuiteResult } from "./run.ts";

const COLUMNS = ["profile", "cases", "mutants", "caught", "right peers", "refused", "seconds"] as const;

/** A table with one line a profile, and below it what must not be: survivors, refusals, cases without a mutant of their own. */
export function formatTable(suites: readonly SuiteResult[], caseCounts: ReadonlyMap<string, number>): string {
  const rows = suites.map(({ profile, mutants, survivors, odd, refused, milliseconds }) => [
    profile,
    String(caseCounts.get(profile) ?? 0),
    String(mutants.length),
    `${mutants.length - survivors.length} of ${mutants.length}`,
    String(odd.length),
    `${refused.length} of ${odd.length}`,
    (milliseconds / 1_000).toFixed(1),
  ]);
  const all = [[...COLUMNS], ...rows];
  const widths = COLUMNS.map((_, at) => Math.max(...all.map((row) => row[at]!.length)));
  const lines = all.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join("  ")
      .trimEnd(),
  );
  return `${[lines[0], widths.map((width) => "-".repeat(width)).join("  "), ...lines.slice(1)].join("\n")}\n`;
}

/** Refusals are often one and the same fault. */
const SHOWN_REFUSALS = 5;

/** What fails a run, line by line. */
export function faultsOf(suites: readonly SuiteResult[], isWhole: boolean): string[] {
  return suites.flatMap(({ profile, survivors, needless, refused }) => [
    ...survivors.map(({ rule, name, said }) =>
      [`${profile}: survived: ${name} (${rule})`, ...said.map((reason) => `  although ${reason}`)].join("\n"),
    ),
    ...refused
      .slice(0, SHOWN_REFUSALS)
      .flatMap(({ seed, refusals }) =>
        refusals.map((reason) => `${profile}: the right peer of seed ${seed} was refused: ${reason}`),
      ),
    // Only a run with every mutant can tell.
    ...(isWhole ? needless.map((name) => `${profile}: no mutant is caught by this case alone: ${name}`) : []),
  ]);
}
