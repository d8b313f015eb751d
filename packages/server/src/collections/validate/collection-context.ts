import type { Schema } from "../model/schema.ts";
import type { CheckRule } from "./validation-context.ts";

/** What the commands on collections need in addition to the transaction. */
export interface CollectionContext {
  readonly schema: Schema;
  readonly checkRule: CheckRule;
  readonly now: Date;
}
