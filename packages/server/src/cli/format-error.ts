import { ApiError, explainApiError } from "../lib/api-error.ts";
import { UserError } from "../lib/user-error.ts";
import { StoreError } from "../store/store.ts";

/** What went wrong, for the one who typed the command: a sentence. Only a fault of the program shows its stack. */
export function explain(error: unknown): string {
  if (error instanceof UserError) return `${error.message}\n`;
  if (error instanceof ApiError) return `${explainApiError(error)}\n`;
  if (error instanceof StoreError) return `The database refused: ${error.message}.\n`;
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
