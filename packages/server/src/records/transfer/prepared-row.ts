import type { PreparedSubmission } from "../model/submission.ts";
import type { RefusedRow } from "./import-report.ts";

/** A row whose slow part is done, or that is refused already. */
export type PreparedRow = { readonly line: number } & (
  | {
      readonly submission: PreparedSubmission;
      readonly dates: Readonly<Record<string, string>>;
      readonly problem?: undefined;
    }
  | { readonly problem: Omit<RefusedRow, "line"> }
);

export type WritableRow = Extract<PreparedRow, { readonly submission: unknown }>;
