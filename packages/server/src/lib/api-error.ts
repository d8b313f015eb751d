import type { ErrorBody, ErrorData, ValidationError } from "@headwater/protocol";

export const BAD_REQUEST = "Something went wrong while processing your request.";

/** PocketBase's message for an error without its own. */
const DEFAULT_MESSAGES: Readonly<Record<number, string>> = {
  400: BAD_REQUEST,
  401: "Missing or invalid authentication.",
  403: "You are not allowed to perform this request.",
  404: "The requested resource wasn't found.",
  413: "Request entity too large.",
  429: "Too Many Requests.",
  503: "The server is shutting down, try again.",
};

/**
 * The only error whose details are sent to the client. Any other thrown error is a fault of the server and becomes a
 * 500 (or PocketBase's generic 400) without details.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /**
   * @param status the HTTP status
   * @param message a sentence; "" for PocketBase's default message of the status
   * @param data the failed checks by field
   * @param cause the internal cause: logged, never sent
   * @param retryAfter seconds until a retry makes sense; also marks the error as a deliberate refusal, not a fault
   */
  constructor(
    readonly status: number,
    message = "",
    readonly data: ErrorData = {},
    cause?: unknown,
    readonly retryAfter?: number,
  ) {
    super(sentence(message || (DEFAULT_MESSAGES[status] ?? BAD_REQUEST)), { cause });
  }

  toBody(): ErrorBody {
    return { data: sortKeys(this.data), message: this.message, status: this.status };
  }
}

/** Sorts the problems by field name, so that the order in which they were found does not show. */
function sortKeys(data: ErrorData): ErrorData {
  const entries = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, isProblem(value) ? value : sortKeys(value)]));
}

const isProblem = (value: ValidationError | ErrorData): value is ValidationError => typeof value["code"] === "string";

/** The whole error in one line, for logs and the command line. */
export const explainApiError = ({ message, data }: ApiError): string => [message, ...problemLines(data)].join(" ");

const problemLines = (data: ErrorData): string[] =>
  Object.entries(data).flatMap(([field, value]) =>
    isProblem(value) ? [`${field}: ${value.message}`] : problemLines(value),
  );

export const badRequest = (message = "", data: ErrorData = {}, cause?: unknown): ApiError =>
  new ApiError(400, message, data, cause);
export const unauthorized = (message = ""): ApiError => new ApiError(401, message);
export const forbidden = (message = ""): ApiError => new ApiError(403, message);
export const notFound = (message = "", cause?: unknown): ApiError => new ApiError(404, message, {}, cause);

export const AT_CAPACITY = "The server is at capacity. Try again later.";

/** A limit is reached: by this client (429), or by all clients together (503). */
export const limited = (status: 429 | 503, data: ErrorData, retryAfter: number): ApiError =>
  new ApiError(status, status === 503 ? AT_CAPACITY : "", data, undefined, retryAfter);

/** A failed check. As in PocketBase, the message starts with a capital and ends with a full stop. */
export const invalid = (code: string, message: string, params?: ValidationError["params"]): ValidationError =>
  params && Object.keys(params).length > 0
    ? { code, message: sentence(message), params }
    : { code, message: sentence(message) };

/**
 * Capitalises the text and ends it with a full stop, unless it ends with `.`, `?` or `!` (PocketBase's
 * `inflector.Sentenize`).
 */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const capital = trimmed[0]!.toUpperCase() + trimmed.slice(1);
  return /[.?!]$/.test(capital) ? capital : `${capital}.`;
}
