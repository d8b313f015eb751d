/**
 * What a cursor counts for. A cursor says "I have everything up to here". Clients keep it and send it back; it has no
 * order and no parts, and only its first letter means something to them.
 */
export type CursorScope =
  /** `a.`: every subscription of the connection. */
  | "all"
  /** `n.`: the subscriptions that its event names. The others of the connection are further on. */
  | "named"
  /** `p.`: more events of the same change follow. For clients that keep the last id and nothing else. */
  | "part";

const PREFIXES: Readonly<Record<CursorScope, string>> = { all: "a.", named: "n.", part: "p." };

export const cursorPrefix = (scope: CursorScope): string => PREFIXES[scope];

/** @returns `undefined` if the text is not a cursor, as a client id: that has no dot */
export function cursorScope(text: string | undefined): CursorScope | undefined {
  if (!text?.includes(".")) return undefined;
  if (text.startsWith(PREFIXES.named)) return "named";
  return text.startsWith(PREFIXES.part) ? "part" : "all";
}
