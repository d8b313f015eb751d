import type { ErrorBody, ErrorData, ValidationError } from "@headwater/protocol";

/** PocketBase's words for an error that has none of its own. */
const DEFAULT_MESSAGES: Readonly<Record<number, string>> = {
  400: "Something went wrong while processing your request.",
  401: "Missing or invalid authentication.",
  403: "You are not allowed to perform this request.",
  404: "The requested resource wasn't found.",
  413: "Request entity too large.",
  429: "Too Many Requests.",
  503: "The server is shutting down, try again.",
};

/**
 * The one error type that means "answer the client with this". Anything else that is thrown is a fault of ours
 * and leaves as a 500 (or as PocketBase's generic 400) without its details.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";

  /**
   * @param status the HTTP status
   * @param message a sentence; empty for PocketBase's default of that status
   * @param data the failed checks by field
   * @param cause what went wrong inside: logged, never sent
   * @param retryAfter seconds after which to ask again; says that the refusal is meant, and no fault
   */
  constructor(
    readonly status: number,
    message = "",
    readonly data: ErrorData = {},
    cause?: unknown,
    readonly retryAfter?: number,
  ) {
    super(sentence(message || (DEFAULT_MESSAGES[status] ?? DEFAULT_MESSAGES[400]!)), { cause });
  }

  toBody(): ErrorBody {
    return { data: sortKeys(this.data), message: this.message, status: this.status };
  }
}

/** Clients get the problems in the order of their fields' names, whatever the order in which they were found. */
function sortKeys(data: ErrorData): ErrorData {
  const entries = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, isProblem(value) ? value : sortKeys(value)]));
}

const isProblem = (value: ValidationError | ErrorData): value is ValidationError => typeof value["code"] === "string";

/** All that the error says in one line, for a person who is no client. */
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

/** A limit is reached: by this client (429), or by all together (503). */
export const limited = (status: 429 | 503, data: ErrorData, retryAfter: number): ApiError =>
  new ApiError(status, status === 503 ? "There is no room, try again later." : "", data, undefined, retryAfter);

/** A failed check; its message is written as PocketBase writes it: a capital first, a full stop last. */
export const invalid = (code: string, message: string, params?: ValidationError["params"]): ValidationError =>
  params && Object.keys(params).length > 0
    ? { code, message: sentence(message), params }
    : { code, message: sentence(message) };

/** Capital first, full stop last unless it ends in `.`, `?` or `!` (PocketBase's `inflector.Sentenize`). */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  const capital = trimmed[0]!.toUpperCase() + trimmed.slice(1);
  return /[.?!]$/.test(capital) ? capital : `${capital}.`;
}
