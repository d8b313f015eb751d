import type { Collection } from "../../collections/model/collection.ts";
import type { RequestTexts } from "./request-texts.ts";
import type { RuleContext } from "../rule-context.ts";
import type { Sql } from "../../store/sql.ts";
import type { JoinList } from "./join-list.ts";

/** The statement that a condition is compiled into. */
export interface StatementContext {
  readonly context: RuleContext;
  /** Set if the statement serves many requests; `context` is then that of the first. */
  readonly requesters: RequestTexts | undefined;
  readonly now: Date;
  /** The alias of the record that the rule is about. */
  readonly rowAlias: string;
  /** The collection of that record; `undefined` for a table of no collection. */
  readonly collection: Collection | undefined;
  /** The joins of the statement. */
  readonly joins: JoinList;
  /** The joins of a multi-match subquery. They start at the first step to many; earlier joins are the statement's. */
  readonly subqueryJoins: JoinList | undefined;
  /** Called for each record of another collection that the statement joins without a guard. */
  readonly onJoin: (collection: Collection, alias: string) => void;
  /** Set for a client's filter or sort that may read only what the client may see. */
  readonly clientView: ClientView | undefined;
}

/** What a client may see of the records that its filter or sort joins. */
export interface ClientView {
  /** The condition that a joined record must meet to exist for the client; `undefined` if every record does. */
  readonly guard: (collection: Collection) => ((alias: string) => Sql) | undefined;
  /** Whether the client sees the email of a record; `undefined` is the statement's own collection. */
  readonly seesEmail: (alias: string, collection: Collection | undefined) => Sql;
}
