import type { Logger } from "pino";
import { ApiError, AT_CAPACITY } from "../lib/api-error.ts";
import { isCutQuery, isOutage, StoreError, type StoreErrorKind } from "../store/store.ts";
import { jsonAs } from "./responses.ts";

/**
 * The response to an error. Internal errors are logged with their stack and never sent.
 *
 * @param id the request's
 */
export function errorResponse(error: unknown, logger: Logger, id: string): Response {
  const known = toApiError(error);
  const isFault = known !== error ? !isCutQuery(error) : known.status >= 500 && known.retryAfter === undefined;
  if (isOutage(error)) logger.error({ request: id, kind: error.kind, reason: error.message }, "the store can't work");
  else if (isFault) logger.error({ request: id, err: error }, "request failed");
  else if (known !== error) logger.info({ request: id, reason: String(known.cause) }, "query cut");
  else if (known.status === 401) logger.debug({ request: id, reason: known.message }, "authentication failed");
  else if (known.cause !== undefined) logger.debug({ request: id, reason: reasonOf(known) }, "request refused");
  const response = jsonAs(known.status, known.toBody());
  const retryAfter = known.retryAfter ?? (known.status === 503 ? 1 : undefined);
  if (retryAfter !== undefined) response.headers.set("Retry-After", String(retryAfter));
  return response;
}

/**
 * As in PocketBase, an error of the database is a 400 and an error of the program a 500, both without details. Unlike there,
 * the client learns that the machine fails, so that it can try again.
 */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (!(error instanceof StoreError)) return new ApiError(500, "", {}, error);
  const { kind } = error;
  if (kind === "overloaded") return new ApiError(503, AT_CAPACITY, {}, error, 1);
  if (kind === "crowded") return new ApiError(429, "", {}, error, 1);
  return isOutage(error) ? new ApiError(503, OUTAGES[kind], {}, error) : new ApiError(400, "", {}, error);
}

const OUTAGES: Readonly<Partial<Record<StoreErrorKind, string>>> = {
  busy: "The server can't write now: another program is writing to its database. Try again.",
  full: "The server can't write now: its disk is full.",
  readonly: "The server can't write now: its folder is read-only.",
  io: "The server can't use its disk now.",
};

/** Why a request is refused. Parsers quote what they can't read, which may be a secret. */
const reasonOf = ({ message, cause }: ApiError): string =>
  `${message} ${String(cause)}`.slice(0, MAX_REASON).replaceAll(/"[^"]*"?|'[^']*'?/g, "***");

/** Characters. */
const MAX_REASON = 1_000;
