import { type CaseResult, type Report, tally } from "../core/case.ts";
import { formatEntry } from "../core/event-log.ts";

/** The report as JUnit XML, for CI systems. Cases that are not offered are skipped, with the reason. */
export function toJunit(report: Report): string {
  const { failed, "not-offered": skipped } = tally(report);
  const counts = `tests="${report.results.length}" failures="${failed}" skipped="${skipped}"`;
  const time = `time="${seconds(report.milliseconds)}" timestamp="${report.started}"`;
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites ${counts}>`,
    `  <testsuite name="${escape(report.profile)}" hostname="${escape(report.target)}" ${counts} ${time}>`,
    `    <properties><property name="runtime" value="${escape(report.runtime)}"/></properties>`,
    ...report.results.map(testCase),
    `  </testsuite>`,
    `</testsuites>`,
    "",
  ].join("\n");
}

function testCase({ group, name, outcome, figures, milliseconds, standard }: CaseResult): string {
  const head = `    <testcase classname="${escape(group)}" name="${escape(name)}" time="${seconds(milliseconds)}">`;
  const sentence = `${standard.source}: ${standard.sentence}`;
  const body = [`      <properties><property name="sentence" value="${escape(sentence)}"/></properties>`];
  if (outcome.kind === "not-offered") body.push(`      <skipped message="${escape(outcome.reason)}"/>`);
  if (outcome.kind === "failed") {
    const bytes = outcome.bytes.map(
      ({ source, text: received }) => `last bytes ${source}: ${JSON.stringify(received)}`,
    );
    const text = [sentence, ...outcome.log.map(formatEntry), ...bytes].join("\n");
    body.push(`      <failure message="${escape(outcome.reason)}">${escape(text)}</failure>`);
  }
  if (Object.keys(figures).length > 0) body.push(`      <system-out>${escape(JSON.stringify(figures))}</system-out>`);
  return [head, ...body, "    </testcase>"].join("\n");
}

const seconds = (milliseconds: number): string => (milliseconds / 1_000).toFixed(3);

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML 1.0 cannot represent most control characters, so they are written as \uXXXX. */
const escape = (text: string): string =>
  text
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
    .replace(
      /(?![\t\n\r])[\p{Cc}\ufffe\uffff]/gu,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
