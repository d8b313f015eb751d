/** The type of a file, by its content. */
export interface FileType {
  /** With parameters: `text/plain; charset=utf-8`. */
  readonly contentType: string;
  /** With its dot; "" when unknown. */
  readonly extension: string;
}
