import type { ErrorData, ValidationError } from "@headwater/protocol";
import { ApiError } from "../lib/api-error.ts";
import { UserError } from "../lib/user-error.ts";
import { StoreError } from "../store/store.ts";

/** What went wrong, for the one who typed the command: a sentence. Only a fault of the program shows its stack. */
export function explain(error: unknown): string {
  if (error instanceof UserError) return `${error.message}\n`;
  if (error instanceof ApiError) return `${[error.message, ...problemLines(error.data)].join(" ")}\n`;
  if (error instanceof StoreError) return `The database refused: ${error.message}.\n`;
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}

const problemLines = (data: ErrorData): string[] =>
  Object.entries(data).flatMap(([field, problem]) =>
    isProblem(problem) ? [`${field}: ${problem.message}`] : problemLines(problem),
  );

const isProblem = (problem: ValidationError | ErrorData): problem is ValidationError =>
  typeof problem.code === "string";
