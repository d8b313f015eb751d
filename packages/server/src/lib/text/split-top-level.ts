/**
 * Splits a text at separators outside quotes and parentheses. Parts are trimmed and empty ones dropped.
 *
 * @param separators each of its characters is a separator
 * @returns `undefined` if a quote or parenthesis is not closed
 */
export function splitTopLevel(text: string, separators: string): readonly string[] | undefined {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  let quote = "";
  let escaped = false;
  for (const character of text) {
    if (!escaped) {
      if (character === "(" && quote === "") depth++;
      else if (character === ")" && depth > 0 && quote === "") depth--;
      else if ("'\"`".includes(character)) quote = quote === "" ? character : quote === character ? "" : quote;
    }
    escaped = character === "\\";
    if (depth === 0 && quote === "" && separators.includes(character)) {
      parts.push(part);
      part = "";
    } else {
      part += character;
    }
  }
  if (depth > 0 || quote !== "") return undefined;
  return [...parts, part].map((piece) => piece.trim()).filter((piece) => piece !== "");
}
