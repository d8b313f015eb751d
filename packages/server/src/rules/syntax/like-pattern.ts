/**
 * The LIKE pattern for the right side of `~`. Text without an unescaped `%` is searched for anywhere and taken
 * literally. Text with one is used as the pattern, where `_` matches any character.
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
 * Puts a backslash before each unescaped `\`, `%` and `_`. It reads from the end, and escapes only the second of two
 * adjacent special characters (PocketBase's behaviour).
 */
function escapeUnescaped(text: string): string {
  const escaped = reversed(text).replace(/([\\%_])([^]?)/g, (_, special: string, before: string) =>
    before === "\\" ? special + before : `${special}\\${before}`,
  );
  return reversed(escaped);
}

const reversed = (text: string): string => Array.from(text).reverse().join("");
