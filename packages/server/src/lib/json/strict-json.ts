import { type JsonLimits, JsonScanner } from "./json-scanner.ts";

/** PocketBase's decoder refuses deeper nesting. The limit also bounds every recursion over a value. */
export const MAX_JSON_DEPTH = 10_000;

export const NO_LIMITS: JsonLimits = { depth: MAX_JSON_DEPTH, keys: 0, items: 0 };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Parses JSON from a client as PocketBase's decoder does: it refuses a name that occurs twice in an object, half of a
 * surrogate pair, and a number beyond 1e308.
 *
 * @throws JsonLimitError beyond a limit, before anything is built; SyntaxError or TypeError for what it refuses
 */
export function parseStrictBytes(bytes: Uint8Array, limits: JsonLimits = NO_LIMITS): unknown {
  const scanner = new JsonScanner(limits);
  scanner.scan(bytes);
  return parseScanned(decoder.decode(bytes), scanner);
}

/** The same for a text. */
export const parseStrictText = (text: string, limits: JsonLimits = NO_LIMITS): unknown =>
  parseStrictBytes(encoder.encode(text), limits);

/** @param scanner has seen all of the text */
export function parseScanned(text: string, scanner: JsonScanner): unknown {
  const value: unknown = JSON.parse(text);
  if (countMembers(value) !== scanner.members) throw new SyntaxError("a name occurs twice");
  return value;
}

/** @throws SyntaxError for a number that JavaScript reads as infinite */
function countMembers(root: unknown): number {
  const rest: object[] = [];
  let members = 0;
  const visit = (value: unknown): void => {
    if (typeof value === "object" && value !== null) rest.push(value);
    else if (typeof value === "number" && !Number.isFinite(value)) throw new SyntaxError("a number is out of range");
  };
  visit(root);
  for (let value = rest.pop(); value !== undefined; value = rest.pop()) {
    const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
    if (inner !== value) members += inner.length;
    for (let i = 0; i < inner.length; i++) visit(inner[i]);
  }
  return members;
}
