import { faultsOf, NO_FAULTS, sum, type Verdict } from "./checker.ts";
import { isOk, type Outcome } from "./run.ts";

export function outcomeLine(outcome: Outcome): string {
  const { scenario, seed, transport, verdict, seconds } = outcome;
  const state = isOk(outcome) ? "ok    " : "FAILED";
  const numbers = `seed ${seed}, ${transport}, ${seconds.toFixed(1)} s, ${verdict.checked} events`;
  return `${state} ${scenario.name.padEnd(32)} ${numbers.padEnd(47)} ${scenario.invariant}`;
}

/** What went wrong, and the command that reproduces it. */
export function failureLines(outcome: Outcome, isShort: boolean): string[] {
  const { scenario, seed, transport, verdict, failure } = outcome;
  const args = `--only ${scenario.name} --transport ${transport} --seed ${seed} --seeds 1`;
  return [
    ...(failure === undefined ? [] : [`  ${failure}`]),
    ...(faultsOf(verdict) === 0 ? [] : [`  ${tally(verdict)}`]),
    ...verdict.first.map((line) => `  ${line}`),
    `  reproduce: npm run stress -- ${args}${isShort ? " --short" : ""}`,
  ];
}

/** What the scenarios measured: milliseconds and megabytes. Of several seeds, the last. */
export function figuresTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.flatMap(({ scenario, figures }) => (figures ? [[scenario.name, figures] as const] : []));
  if (rows.length === 0) return "";
  const lines = [...new Map(rows).entries()].map(([name, { during, quiet, control, megabytes, answers }]) =>
    [name.padEnd(28), during.padEnd(32), quiet.padEnd(26), control.padEnd(7), megabytes.padEnd(7), answers].join(" "),
  );
  const [p99, idle] = ["p99 health/read/list/write/event", "on the quiet server"];
  const head = ["".padEnd(28), p99, idle.padEnd(26), "machine", "peak MB", "attackers got"].join(" ");
  return ["", head, ...lines].join("\n");
}

export function summary(outcomes: readonly Outcome[], seconds: number): string {
  const total = outcomes.map(({ verdict }) => verdict).reduce(sum, NO_FAULTS);
  const failed = outcomes.filter((outcome) => !isOk(outcome)).length;
  const scenarios = new Set(outcomes.map(({ scenario }) => scenario.name)).size;
  const seeds = new Set(outcomes.filter(({ scenario }) => scenario.seeds === "all").map(({ seed }) => seed)).size;
  return [
    "",
    `${scenarios} scenarios, ${seeds} storm seeds, ${total.checked} events, ${seconds.toFixed(0)} s`,
    tally(total),
    `${outcomes.length - failed} ok, ${failed} failed`,
  ].join("\n");
}

const tally = ({ lost, duplicated, reordered, unauthorized, corrupted }: Verdict): string =>
  `lost ${lost}, duplicated ${duplicated}, reordered ${reordered}, unauthorized ${unauthorized}, corrupted ${corrupted}`;
