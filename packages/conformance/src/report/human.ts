import { type CaseResult, type Subject, type Outcome, type Report, tally } from "../core/case.ts";
import { formatEntry, type ReceivedBytes } from "../core/event-log.ts";

const MARKS: Readonly<Record<Outcome["kind"], string>> = { passed: "pass", failed: "FAIL", "not-offered": "skip" };

/** One finished case. */
function formatResult({ name, standard, outcome, figures, milliseconds }: CaseResult, subject: Subject): string {
  const measured = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`);
  const lines = [`  ${MARKS[outcome.kind]}  ${name}  (${[`${milliseconds} ms`, ...measured].join(", ")})`];
  if (outcome.kind === "not-offered") lines.push(`        not offered by this ${subject}: ${outcome.reason}`);
  if (outcome.kind === "failed") {
    lines.push(`        ${outcome.reason}`, `        ${standard.source}: “${standard.sentence}”`);
    if (outcome.log.length > 0) lines.push("        events:");
    lines.push(...outcome.log.map((entry) => `          ${formatEntry(entry)}`));
    lines.push(...outcome.bytes.flatMap((received) => ["        the last bytes:", ...formatBytes(received)]));
  }
  return `${lines.join("\n")}\n`;
}

/** Each line as a JSON string, so that line ends and other invisible characters can be seen. */
const formatBytes = ({ source, text }: ReceivedBytes): string[] =>
  lastLines(text).map((line) => `          ${source === "" ? "" : `[${source}] `}${JSON.stringify(line)}`);

const SHOWN_LINES = 12;

const lastLines = (text: string): string[] =>
  (text.match(/[^\r\n]*(\r\n|\r|\n|$)/g) ?? []).filter(Boolean).slice(-SHOWN_LINES);

/** One case, for a list. */
export const formatCase = ({ group, name, standard }: Pick<CaseResult, "group" | "name" | "standard">): string =>
  `${group}: ${name}\n    ${standard.source}: “${standard.sentence}”\n`;

export function formatSummary(report: Report): string {
  const { passed, failed, "not-offered": missing } = tally(report);
  const total = report.results.length;
  const seconds = (report.milliseconds / 1_000).toFixed(1);
  return `\n${passed} of ${total} passed, ${failed} failed, ${missing} not offered by this ${report.judges} (${report.profile}, ${report.runtime}, ${seconds} s)\n`;
}

/** Writes each result when its case finishes, under its group. */
export function humanReporter(write: (text: string) => void, subject: Subject): (result: CaseResult) => void {
  let group: string | undefined;
  return (result) => {
    if (result.group !== group) write(`${group === undefined ? "" : "\n"}${result.group}\n`);
    group = result.group;
    write(formatResult(result, subject));
  };
}
