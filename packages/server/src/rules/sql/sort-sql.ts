import { RuleError } from "../syntax/rule-error.ts";
import { type Sql, sql } from "../../store/sql.ts";
import type { Term } from "./compare-terms.ts";

const MAX_FIELDS = 8;
const MAX_FIELD_LENGTH = 255;

/** The columns that a sort may use. */
export interface SortColumns {
  /** @throws RuleError for an unknown name */
  readonly column: (name: string, position: number) => Term;
  /** The rowid; `undefined` for a view, which has none. */
  readonly rowid: Sql | undefined;
  /** What `@rank` means, if there is a search. */
  readonly rank?: Sql | undefined;
}

/**
 * The ORDER BY expressions of a `sort` parameter: names separated by commas, each with an optional `-` for descending
 * order. `@random` and `@rowid` are names too.
 *
 * @throws RuleError for an unknown column, more than 8 fields, or a field of more than 255 bytes
 */
export function sortSql(text: string, columns: SortColumns): Sql {
  const parts = text.split(",");
  if (parts.length > MAX_FIELDS) throw new RuleError("max sort expressions limit reached", 0);
  let position = 0;
  const order = parts.map((part) => {
    const at = position;
    position += part.length + 1;
    return orderBy(part.trim(), at, columns);
  });
  return sql.join(order);
}

function orderBy(field: string, position: number, columns: SortColumns): Sql {
  const name = field.replace(/^[-+]/, "");
  if (Buffer.byteLength(name) > MAX_FIELD_LENGTH) {
    throw new RuleError("max sort field length limit reached", position);
  }
  if (name === "@random") return sql`RANDOM()`;
  const own = name === "@rowid" ? columns.rowid : name === "@rank" ? columns.rank : undefined;
  const column = own ?? columnSql(columns.column(name, position));
  if (!column) throw new RuleError(`invalid sort field "${name}"`, position);
  return field.startsWith("-") ? sql`${column} DESC` : sql`${column} ASC`;
}

/** A constant can't be sorted by. */
const columnSql = ({ sql: column, values, isNull, isFilled }: Term): Sql | undefined =>
  values.length > 0 || isNull || isFilled ? undefined : column;
