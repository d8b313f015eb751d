import {
  parseSocketPattern,
  type SocketPattern,
  type SocketErrorCode,
  type SubscribedMessage,
} from "@headwater/protocol";
import type { Schema } from "../collections/model/schema.ts";
import { ALL_RECORDS } from "../visibility/record-topic.ts";

/** What a pattern refers to, and the hub's topic for it. */
export interface ResolvedPattern {
  readonly kind: SubscribedMessage["kind"];
  readonly topic: string;
}

/** Why a client can't subscribe to a pattern. */
export interface PatternError {
  readonly code: SocketErrorCode;
  readonly problem: string;
}

/** A name that no collection has is a channel; its topic is the name itself, as with custom topics on an event stream. */
export function resolvePattern(pattern: string, schema: Schema): ResolvedPattern | PatternError {
  const parsed = parseSocketPattern(pattern);
  if (!parsed) {
    return { code: "bad_pattern", problem: "A pattern is *, a name with .*, or a collection's name, a dot and an id." };
  }
  if (parsed.kind === "all") return { kind: "all", topic: ALL_RECORDS };
  if (parsed.kind !== "presence") return resolveName(parsed, schema);
  const target = resolveName(parsed.target, schema);
  return "code" in target ? target : { kind: "presence", topic: `@${target.topic}` };
}

function resolveName(
  parsed: Extract<SocketPattern, { readonly kind: "name" | "record" }>,
  schema: Schema,
): ResolvedPattern | PatternError {
  const { name } = parsed;
  const collection = schema.find(name);
  // Topics are case-sensitive: a name that differs from a collection's only in case is a typo, not a channel.
  if (collection && collection.name !== name && collection.id !== name) {
    return { code: "unknown_collection", problem: `The collection is called "${collection.name}".` };
  }
  if (parsed.kind === "record") {
    if (!collection) return { code: "unknown_collection", problem: `There is no collection "${name}".` };
    return { kind: "record", topic: `${name}/${parsed.record}` };
  }
  return collection ? { kind: "collection", topic: `${name}/*` } : { kind: "channel", topic: name };
}
