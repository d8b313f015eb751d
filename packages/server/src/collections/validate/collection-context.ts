import type { Schema } from "../model/schema.ts";
import type { CheckRule } from "./validation-context.ts";

/** What the verbs on collections need besides the transaction. */
export interface CollectionContext {
  readonly schema: Schema;
  readonly checkRule: CheckRule;
  readonly now: Date;
}
