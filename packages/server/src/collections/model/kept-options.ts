import { badFormat, isObject, type JsonObject } from "../fields/decode-json.ts";
import type { Rule } from "./rule.ts";

/** The option `softDelete`: deleted records can be restored for a while. */
export interface SoftDelete {
  /** After which a deleted record is gone for good; 0 for never. */
  readonly days: number;
  /** Who sees deleted records, and who restores them; `null` for superusers only. Rules see the record as it was. */
  readonly trashRule: Rule;
  readonly restoreRule: Rule;
}

/** The option `history`: who changed what of a record. */
export interface History {
  /** Changes that are kept of each record; 0 for all. */
  readonly keep: number;
  /** After which a change is forgotten; 0 for never. */
  readonly days: number;
  /** Who sees the changes of a record, if the view rule shows it the record too; `null` for superusers only. */
  readonly historyRule: Rule;
}

const SOFT_DELETE: SoftDelete = { days: 30, trashRule: null, restoreRule: null };
const HISTORY: History = { keep: 100, days: 0, historyRule: null };

export const parseSoftDelete = (raw: unknown): SoftDelete | undefined => parse(raw, SOFT_DELETE);
export const parseHistory = (raw: unknown): History | undefined => parse(raw, HISTORY);

/** `true` for the defaults, `false` or `null` for none, or an object with some of the members. */
function parse<T extends object>(raw: unknown, defaults: T): T | undefined {
  if (raw === null || raw === false) return undefined;
  if (raw === true) return defaults;
  if (!isObject(raw)) throw badFormat();
  const read = Object.entries(defaults).map(([key, fallback]) => [key, member(raw, key, fallback)]);
  return Object.fromEntries(read) as T;
}

function member(raw: JsonObject, key: string, fallback: unknown): unknown {
  const value = raw[key];
  if (value === undefined) return fallback;
  if (typeof fallback === "number" ? typeof value === "number" : value === null || typeof value === "string")
    return value;
  throw badFormat();
}
