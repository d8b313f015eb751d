import type { Collection } from "../../collections/model/collection.ts";
import type { Requesters } from "./requesters.ts";
import type { RuleContext } from "../rule-context.ts";
import type { JoinList } from "./join-list.ts";

/** What a condition is compiled for. */
export interface Target {
  readonly context: RuleContext;
  /** Those who ask, when the statement is for many: the context is that of the first. */
  readonly askers: Requesters | undefined;
  readonly now: Date;
  /** The alias of the record that the rule is about. */
  readonly row: string;
  /** The joins of the statement. */
  readonly joins: JoinList;
  /** Inside a multi-match subquery: its joins. They begin at the first step to many; what is before is the statement's. */
  readonly inner: JoinList | undefined;
  /** Told of each record of another collection that the statement joins. */
  readonly onJoin: (collection: Collection, alias: string) => void;
}
