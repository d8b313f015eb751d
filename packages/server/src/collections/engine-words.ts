import type { StoreError } from "../store/store.ts";

/** What the engine refused, spelled as PocketBase's driver spells it: these words reach clients. */
export function engineWords({ kind, message }: StoreError): string {
  if (kind === "invalid") return `SQL logic error: ${message} (1)`;
  return kind === "unique" ? `constraint failed: ${message} (2067)` : message;
}
