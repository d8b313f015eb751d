/** A thumbnail to make. */
export interface ThumbJob {
  /** The paths of the picture, and of the file to write. */
  readonly source: string;
  readonly target: string;
  /** Such as `100x100`. */
  readonly size: string;
  /** Of the picture. */
  readonly contentType: string;
  /** Of the picture, and of the thumbnail; 0 is no limit. */
  readonly maxPixels: number;
}

/** `unreadable` and `pixels` are final: the same picture fails again. */
export type ThumbFailure = "unreadable" | "pixels" | "ended";

export type ThumbReply =
  | { readonly kind: "made"; readonly contentType: string }
  | { readonly kind: "failed"; readonly reason: ThumbFailure; readonly message: string };
