/** A file on its way in, already under the name it will be stored with. */
export interface Upload {
  readonly name: string;
  readonly originalName: string;
  /** Sniffed from the content, never from the name or from what the client claims. */
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  readonly content: Blob;
}
