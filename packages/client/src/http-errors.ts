import type { ErrorData } from "@headwater/protocol";
import { type ErrorCode, HeadwaterError } from "./errors.ts";

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: "invalid",
  401: "unauthorized",
  403: "forbidden",
  404: "not-found",
  412: "conflict",
  429: "busy",
  503: "busy",
};

/** Builds the error for a response that is not a success. Reads its body. */
export async function responseError(response: Response, now: number): Promise<HeadwaterError> {
  const text = await response.text().catch(() => "");
  const { message, data } = parseBody(text);
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), now);
  return new HeadwaterError(CODES[response.status] ?? "status", message || `the server answered ${response.status}`, {
    status: response.status,
    url: response.url,
    data,
    text,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function parseBody(text: string): { readonly message: string; readonly data: ErrorData } {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null) return { message: "", data: {} };
    const { message, data } = body as { message?: unknown; data?: unknown };
    return {
      message: typeof message === "string" ? message : "",
      data: typeof data === "object" && data !== null ? (data as ErrorData) : {},
    };
  } catch {
    return { message: "", data: {} };
  }
}

/** Parses `Retry-After`: seconds or a date (RFC 9110, section 10.2.3). @returns milliseconds from now */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
