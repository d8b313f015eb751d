import type { JsonValue } from "@headwater/protocol";

/** Deeper values are refused: whatever reads them later recurses. */
const MAX_DEPTH = 1_000;

/** JSON can't hold a value. */
export class NotJsonError extends TypeError {
  override readonly name = "NotJsonError";

  /**
   * @param what such as `a BigInt`
   * @param path where it is, such as `.lines[3].total`; "" for the value itself
   */
  constructor(
    readonly what: string,
    readonly path: string,
    cause?: unknown,
  ) {
    super(`JSON can't hold ${what}${path === "" ? "" : ` (at ${path.replace(/^\./, "")})`}.`, { cause });
  }
}

/**
 * A copy of a value as JSON holds it. Unlike `JSON.stringify`, it refuses what JSON would leave out or replace without a
 * word. Object members that are `undefined` are left out.
 *
 * @throws NotJsonError for functions, symbols, BigInts, NaN, Maps and the like, circular or very deep values
 */
export const toJsonValue = (value: unknown): JsonValue => convert(value, "", "", []);

/** @param key the last part of the path, which `toJSON` gets. @param outer the objects that contain the value */
function convert(given: unknown, path: string, key: string, outer: object[]): JsonValue {
  const value = unwrap(given, path, key);
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return value;
    throw new NotJsonError(`the number ${value}`, path);
  }
  if (typeof value !== "object") throw new NotJsonError(PRIMITIVES[typeof value] ?? typeof value, path);
  if (outer.includes(value)) throw new NotJsonError("a value that contains itself", path);
  if (outer.length === MAX_DEPTH) throw new NotJsonError(`values nested more than ${MAX_DEPTH} deep`, "");
  outer.push(value);
  const json = Array.isArray(value) ? convertArray(value, path, outer) : convertObject(value, path, outer);
  outer.pop();
  return json;
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  undefined: "undefined",
  function: "a function",
  symbol: "a symbol",
  bigint: "a BigInt",
};

const WRAPPERS: ReadonlySet<string> = new Set(["[object Number]", "[object String]", "[object Boolean]"]);

/** Applies `toJSON`, and takes primitives out of their wrapper objects. */
function unwrap(value: unknown, path: string, key: string): unknown {
  if (value instanceof Date && Number.isNaN(value.getTime())) throw new NotJsonError("an invalid Date", path);
  if ((typeof value !== "object" && typeof value !== "bigint") || value === null) return value;
  if (WRAPPERS.has(Object.prototype.toString.call(value))) return value.valueOf();
  try {
    const { toJSON } = value as { readonly toJSON?: unknown };
    return typeof toJSON === "function" ? (toJSON.call(value, key) as unknown) : value;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NotJsonError(`a value whose toJSON throws "${reason}"`, path, error);
  }
}

/** Sparse arrays have `undefined` in their gaps. */
const convertArray = (values: readonly unknown[], path: string, outer: object[]): JsonValue =>
  Array.from(values, (item, index) => convert(item, `${path}[${index}]`, String(index), outer));

function convertObject(object: object, path: string, outer: object[]): JsonValue {
  // A Map, a Promise or a RegExp has no members that JSON would see.
  const type = Object.prototype.toString.call(object).slice("[object ".length, -1);
  if (type !== "Object") throw new NotJsonError(`${/^[AEIO]/.test(type) ? "an" : "a"} ${type}`, path);
  const json: [string, JsonValue][] = [];
  for (const key of Object.keys(object)) {
    const member = `${path}.${key}`;
    const value = memberOf(object, key, member);
    if (value !== undefined) json.push([key, convert(value, member, key, outer)]);
  }
  // Entries, not assignment: a key may be `__proto__`.
  return Object.fromEntries(json);
}

function memberOf(object: object, key: string, path: string): unknown {
  try {
    return (object as Readonly<Record<string, unknown>>)[key];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NotJsonError(`a member that throws "${reason}"`, path, error);
  }
}
