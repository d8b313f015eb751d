import type { StoreError } from "../../store/store.ts";

/** A check's message as it reads inside another: PocketBase writes its words without capital and full stop. */
export const plainWords = (message: string): string => message[0]!.toLowerCase() + message.slice(1).replace(/\.$/, "");

/** What the engine refused, spelled as PocketBase's driver spells it: these words reach clients. */
export function engineWords({ kind, message }: StoreError): string {
  if (kind === "invalid") return `SQL logic error: ${message} (1)`;
  return kind === "unique" ? `constraint failed: ${message} (2067)` : message;
}
