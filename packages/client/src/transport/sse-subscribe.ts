import { toHeadwaterError, type HeadwaterError } from "../errors.ts";
import type { Http } from "../http.ts";
import type { SubscribeOutcome, SubscribeRequest } from "./transport.ts";

/** Sends the subscriptions of a stream by POST. */
export async function subscribeByPost(
  http: Http,
  path: string,
  clientId: string,
  { names, token, since }: SubscribeRequest,
  signal: AbortSignal,
): Promise<SubscribeOutcome> {
  const body = { clientId, subscriptions: names, ...sinceOf(names, since) };
  try {
    await http.request("POST", path, { body, token, signal });
    return { kind: "accepted" };
  } catch (error) {
    return outcomeOf(toHeadwaterError(error), names);
  }
}

/** One cursor if all have the same, or else one for each. */
export function sinceOf(
  names: readonly string[],
  since: ReadonlyMap<string, string>,
): { readonly since?: string | readonly (string | null)[] } {
  const cursors = names.map((name) => since.get(name) ?? null);
  const [first, ...others] = new Set(cursors);
  if (first === undefined || (first === null && others.length === 0)) return {};
  return { since: first !== null && others.length === 0 ? first : cursors };
}

function outcomeOf(error: HeadwaterError, names: readonly string[]): SubscribeOutcome {
  if (error.code === "invalid") return invalid(error, names);
  if (error.code === "unauthorized") return { kind: "unauthorized", error };
  if (error.code === "forbidden") return { kind: "other-identity", error };
  if (error.code === "busy") return { kind: "retry-later", error };
  return { kind: "gone", error };
}

/** A 400 names invalid subscriptions by their index. Without names, the stream was opened from another address. */
function invalid(error: HeadwaterError, names: readonly string[]): SubscribeOutcome {
  const { since, subscriptions } = error.data;
  if (since) return { kind: "unknown-cursor" };
  if (!subscriptions) return { kind: "gone", error };
  const invalidNames = names.filter((_, index) => Object.hasOwn(subscriptions, index));
  const refused = invalidNames.length > 0 ? invalidNames : names;
  return { kind: "refused", problems: new Map(refused.map((name) => [name, error])) };
}
