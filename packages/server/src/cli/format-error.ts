import { ApiError, explainApiError } from "../lib/api-error.ts";
import { UserError } from "../lib/user-error.ts";
import { StoreError } from "../store/store.ts";

/** The message of an error for the command line. Only unexpected errors show their stack. */
export function formatError(error: unknown): string {
  if (error instanceof UserError) return `${error.message}\n`;
  if (error instanceof ApiError) return `${explainApiError(error)}\n`;
  if (error instanceof StoreError) return `The database reported an error: ${error.message}.\n`;
  return `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}
