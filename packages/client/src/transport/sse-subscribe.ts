import { toHeadwaterError, type HeadwaterError } from "../errors.ts";
import type { Http } from "../http.ts";
import type { SubscribeOutcome, SubscribeRequest } from "./transport.ts";

/** Tells the server, beside the stream, what the stream is to carry. */
export async function subscribeByPost(
  http: Http,
  path: string,
  clientId: string,
  { names, token, since }: SubscribeRequest,
  signal: AbortSignal,
): Promise<SubscribeOutcome> {
  const body = { clientId, subscriptions: names, ...(since !== undefined && { since }) };
  try {
    await http.request("POST", path, { body, token, signal });
    return { kind: "accepted" };
  } catch (error) {
    return outcomeOf(toHeadwaterError(error), names);
  }
}

function outcomeOf(error: HeadwaterError, names: readonly string[]): SubscribeOutcome {
  if (error.code === "invalid") return invalid(error, names);
  if (error.code === "unauthorized") return { kind: "unauthorized", error };
  if (error.code === "forbidden") return { kind: "other-identity", error };
  if (error.code === "busy") return { kind: "later", error };
  return { kind: "gone", error };
}

/** 400 names what is wrong by its index; without names it means that the link was opened from another address. */
function invalid(error: HeadwaterError, names: readonly string[]): SubscribeOutcome {
  const { since, subscriptions } = error.data;
  if (since) return { kind: "unknown-place" };
  if (!subscriptions) return { kind: "gone", error };
  const indexed = names.filter((_, index) => Object.hasOwn(subscriptions, index));
  const refused = indexed.length > 0 ? indexed : names;
  return { kind: "refused", problems: new Map(refused.map((name) => [name, error])) };
}
