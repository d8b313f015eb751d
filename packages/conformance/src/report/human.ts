import { type CaseResult, type Judged, type Outcome, type Report, tally } from "../core/case.ts";
import { formatEntry } from "../core/event-log.ts";

const MARKS: Readonly<Record<Outcome["kind"], string>> = { passed: "pass", failed: "FAIL", "not-offered": "none" };

/** One case for a person, as it is done. */
function formatResult({ name, standard, outcome, figures, milliseconds }: CaseResult, judges: Judged): string {
  const measured = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`);
  const lines = [`  ${MARKS[outcome.kind]}  ${name}  (${[`${milliseconds} ms`, ...measured].join(", ")})`];
  if (outcome.kind === "not-offered") lines.push(`        not offered by this ${judges}: ${outcome.reason}`);
  if (outcome.kind === "failed") {
    lines.push(`        ${outcome.reason}`, `        ${standard.source}: “${standard.sentence}”`);
    if (outcome.log.length > 0) lines.push("        what was heard:");
    lines.push(...outcome.log.map((entry) => `          ${formatEntry(entry)}`));
  }
  return `${lines.join("\n")}\n`;
}

export function formatSummary(report: Report): string {
  const { passed, failed, "not-offered": missing } = tally(report);
  const total = report.results.length;
  const seconds = (report.milliseconds / 1_000).toFixed(1);
  return `\n${passed} of ${total} passed, ${failed} failed, ${missing} not offered by this ${report.judges} (${report.profile}, ${report.runtime}, ${seconds} s)\n`;
}

/** Writes results as they come, under the names of their groups. */
export function humanReporter(write: (text: string) => void, judges: Judged): (result: CaseResult) => void {
  let group: string | undefined;
  return (result) => {
    if (result.group !== group) write(`${group === undefined ? "" : "\n"}${result.group}\n`);
    group = result.group;
    write(formatResult(result, judges));
  };
}
