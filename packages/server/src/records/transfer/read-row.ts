/** A row of a file, or what is wrong with it. */
export type ReadRow = { readonly line: number } & (
  { readonly values: Readonly<Record<string, unknown>>; readonly problem?: undefined } | { readonly problem: string }
);

/** A file can't be read beyond a line. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";

  constructor(
    readonly line: number,
    readonly reason: string,
  ) {
    super(`It can't be read. ${reason}`);
  }
}
