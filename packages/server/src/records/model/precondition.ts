import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { ApiError, badRequest, invalid } from "../../lib/api-error.ts";
import type { RecordVersions } from "./record-version.ts";

/** Versions that a request names, or any. */
export type VersionList = readonly string[] | "any";

/** What must hold of a record for a write to happen. */
export interface Precondition {
  readonly versions: RecordVersions;
  /** The record has one of these versions. */
  readonly match: VersionList | undefined;
  /** The record does not exist yet. */
  readonly isNew: boolean;
}

/** A header with several items: `*`, or entity tags (RFC 9110, section 8.8.3). */
const LIST = /^\s*(?:\*|(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*)\s*$/;
const TAG = /(W\/)?"([^"]*)"/g;

/**
 * Reads `If-Match` or `If-None-Match`.
 *
 * @param name of the header
 * @param weak whether weak tags count: they never match where bytes must be the same
 * @throws ApiError 400 for another form
 */
export function readVersionList(name: string, text: string, weak: boolean): VersionList {
  if (!LIST.test(text)) {
    throw badRequest(`The header ${name} must be * or versions in quotes, such as "AbC".`);
  }
  if (text.trim() === "*") return "any";
  return [...text.matchAll(TAG)].flatMap(([, isWeak, tag]) => (isWeak !== undefined && !weak ? [] : [tag!]));
}

/** @param header the value of a header of the request; "" or nothing if it is missing */
export function readPrecondition(
  versions: RecordVersions,
  header: (name: "If-Match" | "If-None-Match") => string | null | undefined,
): Precondition | undefined {
  const match = header("If-Match");
  const noneMatch = header("If-None-Match");
  if (!match && !noneMatch) return undefined;
  return {
    versions,
    match: match ? readVersionList("If-Match", match, false) : undefined,
    isNew: noneMatch ? readVersionList("If-None-Match", noneMatch, true) === "any" : false,
  };
}

const CHANGED =
  "The record has changed since you read it. Read it again, apply your change to what it is now, and send the new version.";
const MISSING = "The record doesn't exist any more, so it can't have the version that you name.";
const EXISTS = "There is already a record with this id. Update it, or create a record with another id.";

/**
 * Call it in the transaction of the write, once the rules have let it pass.
 *
 * @param before the stored record
 * @throws ApiError 412 if the precondition doesn't hold
 */
export function assertPrecondition(
  precondition: Precondition | undefined,
  collection: Collection,
  before: RecordValues | undefined,
): void {
  if (!precondition) return;
  const { match, isNew, versions } = precondition;
  if (isNew && before) throw failed("record_exists", EXISTS);
  if (match === undefined) return;
  if (!before) throw failed("record_missing", MISSING);
  if (match !== "any" && !match.includes(versions.of(collection, before))) throw failed("record_changed", CHANGED);
}

const failed = (code: string, message: string): ApiError =>
  new ApiError(412, message, { version: invalid(code, message) });
