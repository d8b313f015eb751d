import { type Report, tally } from "../core/case.ts";

/** The report as JSON, with the tally. */
export const toJson = (report: Report): string =>
  `${JSON.stringify({ ...report, tally: tally(report) }, undefined, 2)}\n`;
