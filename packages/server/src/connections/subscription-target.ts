import { parsePattern, type Pattern, type SocketErrorCode, type SubscribedMessage } from "@headwater/protocol";
import type { Schema } from "../collections/model/schema.ts";
import { ALL_RECORDS } from "../visibility/record-topic.ts";

/** What a pattern turned out to be, and the hub's topic for it. */
export interface Target {
  readonly kind: SubscribedMessage["kind"];
  readonly topic: string;
}

/** Why a pattern can't be subscribed to. */
export interface BadTarget {
  readonly code: SocketErrorCode;
  readonly problem: string;
}

/** A name that is no collection is a channel's; its topic is the name alone, as applications' own topics on a stream are. */
export function targetOf(pattern: string, schema: Schema): Target | BadTarget {
  const parsed = parsePattern(pattern);
  if (!parsed) {
    return { code: "bad_pattern", problem: "A pattern is *, a name with .*, or a collection's name, a dot and an id." };
  }
  if (parsed.kind === "all") return { kind: "all", topic: ALL_RECORDS };
  if (parsed.kind !== "presence") return targetOfName(parsed, schema);
  const target = targetOfName(parsed.of, schema);
  return "code" in target ? target : { kind: "presence", topic: `@${target.topic}` };
}

function targetOfName(
  parsed: Extract<Pattern, { readonly kind: "every" | "one" }>,
  schema: Schema,
): Target | BadTarget {
  const { name } = parsed;
  const collection = schema.find(name);
  // Topics match to the letter: one that differs in case only is a slip, and no channel.
  if (collection && collection.name !== name && collection.id !== name) {
    return { code: "unknown_collection", problem: `The collection is called "${collection.name}".` };
  }
  if (parsed.kind === "one") {
    if (!collection) return { code: "unknown_collection", problem: `There is no collection "${name}".` };
    return { kind: "record", topic: `${name}/${parsed.record}` };
  }
  return collection ? { kind: "collection", topic: `${name}/*` } : { kind: "channel", topic: name };
}
