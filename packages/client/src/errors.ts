import type { ErrorData } from "@headwater/protocol";

/** Everything that can go wrong, by a name that code may rely on. */
export type ErrorCode =
  /** No answer: the network, a cut connection, a server that is not there. */
  | "network"
  /** An answer took too long. */
  | "timeout"
  /** The caller's signal, or a client that was closed. */
  | "aborted"
  /** 400: the request, a filter, or values of a record; `data` says which. */
  | "invalid"
  /** 401: not signed in, or not any more. */
  | "unauthorized"
  /** 403: signed in or not, this is not allowed. A collection without a rule is refused so. */
  | "forbidden"
  /** 404: not there, or not visible: servers do not tell which. */
  | "not-found"
  /** 429 and 503: later, after `retryAfterMs`. */
  | "busy"
  /** Any other status. */
  | "status"
  /** What came is not what the protocol says; `text` has it. */
  | "malformed"
  /** The server does not want this stream (204), or has none. */
  | "no-stream"
  /** The app was slower than the stream for too long, and had asked to be told so. */
  | "overflow";

export interface ErrorDetails {
  readonly status?: number;
  readonly data?: ErrorData;
  readonly url?: string;
  readonly text?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one error of this package. */
export class HeadwaterError extends Error {
  override readonly name = "HeadwaterError";
  readonly code: ErrorCode;
  /** The answer's status, where there was an answer. */
  readonly status: number | undefined;
  /** Failed checks by field. */
  readonly data: ErrorData;
  readonly url: string | undefined;
  /** The text that could not be read. */
  readonly text: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.status = details.status;
    this.data = details.data ?? {};
    this.url = details.url;
    this.text = details.text;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export const isHeadwaterError = (error: unknown): error is HeadwaterError => error instanceof HeadwaterError;

export const aborted = (cause?: unknown): HeadwaterError => new HeadwaterError("aborted", "aborted", { cause });

/** Whatever was thrown, as one of ours. */
export function asError(error: unknown): HeadwaterError {
  if (isHeadwaterError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new HeadwaterError("network", message, { cause: error });
}
