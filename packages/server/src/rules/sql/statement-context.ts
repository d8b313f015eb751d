import type { Collection } from "../../collections/model/collection.ts";
import type { Requesters } from "./requesters.ts";
import type { RuleContext } from "../rule-context.ts";
import type { JoinList } from "./join-list.ts";

/** The statement that a condition is compiled into. */
export interface StatementContext {
  readonly context: RuleContext;
  /** Set if the statement serves many requesters; `context` is then that of the first. */
  readonly requesters: Requesters | undefined;
  readonly now: Date;
  /** The alias of the record that the rule is about. */
  readonly rowAlias: string;
  /** The joins of the statement. */
  readonly joins: JoinList;
  /** The joins of a multi-match subquery. They start at the first step to many; earlier joins are the statement's. */
  readonly subqueryJoins: JoinList | undefined;
  /** Called for each record of another collection that the statement joins. */
  readonly onJoin: (collection: Collection, alias: string) => void;
}
