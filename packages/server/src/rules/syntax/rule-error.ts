/** Quotes a text as Go does. */
export const quote = (text: string): string => JSON.stringify(text).replaceAll(/\\u00([01][\da-f])/g, "\\x$1");

/** Quotes a character as Go does. */
export const quoteCharacter = (character: string): string => `'${quote(character).slice(1, -1)}'`;

/** A rule or filter is invalid: its syntax is wrong, or it uses a name that is unknown or not allowed. */
export class RuleError extends Error {
  override readonly name = "RuleError";

  /**
   * @param reason what is wrong, in PocketBase's words where it has any, without the offset
   * @param position the offset in the text, in UTF-16 units
   */
  constructor(
    readonly reason: string,
    readonly position: number,
  ) {
    super(`${reason} at offset ${position}`);
  }
}
