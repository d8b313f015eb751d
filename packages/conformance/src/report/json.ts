import { type Report, tally } from "../core/case.ts";

/** The whole report, for programs. */
export const toJson = (report: Report): string =>
  `${JSON.stringify({ ...report, tally: tally(report) }, undefined, 2)}\n`;
