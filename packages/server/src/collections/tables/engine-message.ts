import type { StoreError } from "../../store/store.ts";

/** A message as PocketBase embeds it in another one: without the capital and the full stop. */
export const asClause = (message: string): string => message[0]!.toLowerCase() + message.slice(1).replace(/\.$/, "");

/** The engine's error as PocketBase's driver words it, because clients see it. */
export function engineMessage({ kind, message }: StoreError): string {
  if (kind === "invalid") return `SQL logic error: ${message} (1)`;
  return kind === "unique" ? `constraint failed: ${message} (2067)` : message;
}
