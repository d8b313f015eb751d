/** Removes these characters from both ends. Unlike `/x+$/`, it takes linear time. */
export const trimCharacters = (text: string, characters: string): string =>
  trimEnd(text, characters).slice(countAtStart(text, characters));

/** Removes these characters from the end. */
export function trimEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1]!)) end -= 1;
  return text.slice(0, end);
}

function countAtStart(text: string, characters: string): number {
  let start = 0;
  while (start < text.length && characters.includes(text[start]!)) start += 1;
  return start;
}
