import type { ValidationError } from "@headwater/protocol";
import type { Collection } from "../model/collection.ts";
import type { Schema } from "../model/schema.ts";

/** @returns why the text is not a valid rule, or `undefined` if it is */
export type CheckRule = (text: string, collection: Collection, schema: Schema) => string | undefined;

/** What a collection is validated against. */
export interface ValidationContext {
  /** The stored collection; `undefined` for a new one. */
  readonly original: Collection | undefined;
  readonly schema: Schema;
  readonly checkRule: CheckRule;
  /** Names of all tables and views, in lower case. */
  readonly tables: ReadonlySet<string>;
  /** The table of each index, by the index's name in lower case. */
  readonly indexTables: ReadonlyMap<string, string>;
  /** The problem with a view's query, if any. */
  readonly viewProblem: ValidationError | undefined;
}
