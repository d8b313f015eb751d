/** A rule or filter is invalid: its syntax is wrong, or it uses a name that is unknown or not allowed. */
export class RuleError extends Error {
  override readonly name = "RuleError";

  /**
   * @param reason what is wrong, without the offset
   * @param position the offset in the text, in UTF-16 units
   */
  constructor(
    readonly reason: string,
    readonly position: number,
  ) {
    super(`${reason} at offset ${position}`);
  }
}
