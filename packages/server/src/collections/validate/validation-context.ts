import type { ValidationError } from "@headwater/protocol";
import type { Collection } from "../model/collection.ts";
import type { Schema } from "../model/schema.ts";

/** @returns what is wrong with a rule's text in words, or `undefined` */
export type CheckRule = (text: string, collection: Collection, schema: Schema) => string | undefined;

/** What a collection is held against. */
export interface ValidationContext {
  /** As it is now; `undefined` for a new one. */
  readonly original: Collection | undefined;
  readonly schema: Schema;
  readonly checkRule: CheckRule;
  /** Names of all tables and views, in lower case. */
  readonly tables: ReadonlySet<string>;
  /** The table of each index, by the index's name in lower case. */
  readonly indexTables: ReadonlyMap<string, string>;
  /** What is wrong with a view's query. */
  readonly viewProblem: ValidationError | undefined;
}
