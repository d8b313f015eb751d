/** The parsed pattern of a WebSocket subscription. */
export type SocketPattern =
  /** `*`: every record of every collection. */
  | { readonly kind: "all" }
  /** `posts.*`: all records of a collection, or all events of a channel. */
  | { readonly kind: "name"; readonly name: string }
  /** `posts.ID`: one record. */
  | { readonly kind: "record"; readonly name: string; readonly record: string }
  /** `@chat.*`, `@posts.ID`: presence in a channel, or at a record. */
  | { readonly kind: "presence"; readonly target: Exclude<SocketPattern, { readonly kind: "presence" | "all" }> };

/** The name ends at the first dot: names have no dots, ids may. */
const NAMED_PATTERN = /^([\w:-]{1,255})\.(\*|[^\s*\p{Cc}]{1,255})$/u;

/** @returns `undefined` if the text is not a pattern */
export function parseSocketPattern(text: string): SocketPattern | undefined {
  if (text === "*") return { kind: "all" };
  if (!text.startsWith("@")) return parseNamed(text);
  const target = parseNamed(text.slice(1));
  return target && { kind: "presence", target };
}

function parseNamed(text: string): Extract<SocketPattern, { readonly kind: "name" | "record" }> | undefined {
  const [, name, rest] = NAMED_PATTERN.exec(text) ?? [];
  if (name === undefined || rest === undefined) return undefined;
  return rest === "*" ? { kind: "name", name } : { kind: "record", name, record: rest };
}
