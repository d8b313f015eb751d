/** What a subscription's pattern on the WebSocket says. */
export type Pattern =
  /** `*`: every record of every collection. */
  | { readonly kind: "all" }
  /** `posts.*`: all of a collection, or of a channel. */
  | { readonly kind: "every"; readonly name: string }
  /** `posts.ID`: one record. */
  | { readonly kind: "one"; readonly name: string; readonly record: string }
  /** `@chat.*`, `@posts.ID`: who is present in a channel, or at a record. */
  | { readonly kind: "presence"; readonly of: Exclude<Pattern, { readonly kind: "presence" | "all" }> };

/** The name ends at the first dot: names have none, ids may. */
const PATTERN = /^([\w:-]{1,255})\.(\*|[^\s*\p{Cc}]{1,255})$/u;

/** @returns `undefined` for a text that is no pattern */
export function parsePattern(text: string): Pattern | undefined {
  if (text === "*") return { kind: "all" };
  if (!text.startsWith("@")) return parseNamed(text);
  const of = parseNamed(text.slice(1));
  return of && { kind: "presence", of };
}

function parseNamed(text: string): Extract<Pattern, { readonly kind: "every" | "one" }> | undefined {
  const [, name, what] = PATTERN.exec(text) ?? [];
  if (name === undefined || what === undefined) return undefined;
  return what === "*" ? { kind: "every", name } : { kind: "one", name, record: what };
}
