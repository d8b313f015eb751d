import type { ErrorMessage, ServerMessage, SocketErrorCode } from "@headwater/protocol";
import { type ErrorCode, HeadwaterError } from "../errors.ts";
import type { PatternEntry } from "./pattern-map.ts";
import type { SubscribeOutcome } from "./transport.ts";

/** What our errors call it; the others are the request's own fault. */
const CODES: Partial<Record<SocketErrorCode, ErrorCode>> = {
  forbidden: "forbidden", // Of a whole request.
  unknown_collection: "not-found",
  invalid_token: "unauthorized",
  limit_requests: "busy",
  limit_connections_user: "busy",
  limit_setups: "busy",
  failed: "status",
};

/** What stands in the way of a whole request; `undefined` if nothing does. */
export function requestError(responses: readonly ServerMessage[]): SubscribeOutcome | undefined {
  const message = responses.find((answer) => answer.type === "error");
  if (!message) return undefined;
  const error = errorOf(message);
  if (message.code === "invalid_token") return { kind: "unauthorized", error };
  if (message.code === "bad_cursor") return { kind: "unknown-place" };
  return message.retry ? { kind: "later", error } : { kind: "gone", error };
}

/**
 * The answers to patterns that were asked for. What is forbidden to who asks now counts as granted, and is silent, as it is on
 * a stream: whoever signs out keeps the subscriptions for the next who signs in.
 */
export function outcomeOf(responses: readonly ServerMessage[], requested: readonly PatternEntry[]): SubscribeOutcome {
  const errors = responses.filter(
    (answer) => answer.type === "error" && (answer.code !== "forbidden" || answer.pattern === undefined),
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
