/** A rule or filter that can't be understood: its text is wrong, or it names what it may not name. */
export class RuleError extends Error {
  override readonly name = "RuleError";

  /**
   * @param reason what is wrong, without the place
   * @param position the place in the text, in UTF-16 units
   */
  constructor(
    readonly reason: string,
    readonly position: number,
  ) {
    super(`${reason} at offset ${position}`);
  }
}
