import type { ErrorData } from "@headwater/protocol";

/** The cause of an error. Stable, so that code can rely on it. */
export type ErrorCode =
  /** No response: the network is down, the connection was lost, or the server can't be reached. */
  | "network"
  /** The response took too long. */
  | "timeout"
  /** The caller's signal was aborted, or the client was closed. */
  | "aborted"
  /** 400: the request, a filter or a record's values are invalid; `data` has the failed checks. */
  | "invalid"
  /** 401: not signed in, or the token is no longer valid. */
  | "unauthorized"
  /** 403: not allowed, for example because the collection has no rule for it. */
  | "forbidden"
  /** 404: doesn't exist, or isn't visible to this user. Servers don't say which. */
  | "not-found"
  /** 412: the record has changed since the version that `ifMatch` names. */
  | "conflict"
  /** 429 or 503: retry after `retryAfterMs`. */
  | "busy"
  /** Any other status. */
  | "status"
  /** The server sent something that the protocol doesn't allow; `text` has it. */
  | "malformed"
  /** The server ended realtime for this client (204). */
  | "no-stream"
  /**
   * The app read events too slowly, with `onOverflow: "fail"`; or there are more subscriptions than a WebSocket allows.
   */
  | "overflow";

export interface ErrorDetails {
  readonly status?: number;
  readonly data?: ErrorData;
  readonly url?: string;
  readonly text?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The error class of this package. */
export class HeadwaterError extends Error {
  override readonly name = "HeadwaterError";
  readonly code: ErrorCode;
  /** The status of the response, if there was one. */
  readonly status: number | undefined;
  /** Failed checks by field. */
  readonly data: ErrorData;
  readonly url: string | undefined;
  /** The text that could not be parsed, or the body of an error response. */
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

/** Converts anything thrown to a HeadwaterError. Other errors become `network` errors. */
export function toHeadwaterError(error: unknown): HeadwaterError {
  if (isHeadwaterError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new HeadwaterError("network", message, { cause: error });
}
