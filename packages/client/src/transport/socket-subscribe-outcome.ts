import type { ErrorMessage, ServerMessage, SocketErrorCode } from "@headwater/protocol";
import { type ErrorCode, HeadwaterError } from "../errors.ts";
import type { PatternEntry } from "./pattern-map.ts";
import type { SubscribeOutcome } from "./transport.ts";

/** The error code for each socket error code. All others mean that the request is `invalid`. */
const CODES: Partial<Record<SocketErrorCode, ErrorCode>> = {
  forbidden: "forbidden", // For a whole request.
  unknown_collection: "not-found",
  invalid_token: "unauthorized",
  limit_presence: "busy",
  limit_subscription_bytes: "busy",
  limit_requests: "busy",
  limit_connections_user: "busy",
  limit_setups: "busy",
  failed: "status",
};

/** @returns the outcome of a request that failed as a whole; `undefined` if it did not */
export function requestError(responses: readonly ServerMessage[]): SubscribeOutcome | undefined {
  const message = responses.find((response) => response.type === "error");
  if (!message) return undefined;
  const error = errorOf(message);
  if (message.code === "invalid_token") return { kind: "unauthorized", error };
  if (message.code === "bad_cursor") return { kind: "unknown-cursor" };
  return message.retry ? { kind: "retry-later", error } : { kind: "gone", error };
}

/**
 * The outcome of a `subscribe` message. A pattern that is forbidden for the current user counts as accepted and stays
 * silent, as on a stream: a client that signs out keeps its subscriptions for the next user.
 */
export function outcomeOf(responses: readonly ServerMessage[], requested: readonly PatternEntry[]): SubscribeOutcome {
  const errors = responses.filter(
    (response) => response.type === "error" && (response.code !== "forbidden" || response.pattern === undefined),
  ) as ErrorMessage[];
  if (errors.length === 0) return { kind: "accepted" };
  const final = errors.filter(({ pattern, retry }) => pattern !== undefined && !retry);
  if (final.length === 0) return requestError(errors)!;
  const names = new Map(requested);
  return {
    kind: "refused",
    problems: new Map(final.map((message) => [names.get(message.pattern!) ?? "", errorOf(message)])),
  };
}

const errorOf = ({ code, message, retryAfter }: ErrorMessage): HeadwaterError =>
  new HeadwaterError(CODES[code] ?? "invalid", message, {
    ...(retryAfter !== undefined && { retryAfterMs: retryAfter * 1_000 }),
  });
