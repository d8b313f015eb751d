/**
 * Text without a `%` of its own is looked for anywhere, all its characters meant literally. With one it is a pattern,
 * and then `_` stands for any character. A backslash before a `%` makes it no wildcard.
 */
export function likePattern(text: string): string {
  return hasWildcard(text) ? text : `%${escapeUnescaped(text)}%`;
}

function hasWildcard(text: string): boolean {
  let previous = "";
  for (const character of text) {
    if (character === "%" && previous !== "\\") return true;
    previous = character === "\\" && previous === "\\" ? "" : character;
  }
  return false;
}

/**
 * Puts a backslash before each `\`, `%` and `_` that has none. Read from the end, and of two such characters side by
 * side only the second gets one: PocketBase's behaviour.
 */
function escapeUnescaped(text: string): string {
  const escaped = reversed(text).replace(/([\\%_])([^]?)/g, (_, special: string, before: string) =>
    before === "\\" ? special + before : `${special}\\${before}`,
  );
  return reversed(escaped);
}

const reversed = (text: string): string => Array.from(text).reverse().join("");
