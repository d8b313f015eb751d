import { RuleError } from "../syntax/rule-error.ts";
import { type Sql, sql } from "../../store/sql.ts";
import type { Term } from "./compare-terms.ts";

const MAX_FIELDS = 8;
const MAX_FIELD_LENGTH = 255;

/** The columns that a sort may name. */
export interface SortColumns {
  /** @throws RuleError for an unknown name */
  readonly column: (name: string, position: number) => Term;
  /** The row's place in its table; `undefined` where there is none, as in a view. */
  readonly rowid: Sql | undefined;
}

/**
 * The expressions of an ORDER BY from a `sort` parameter: names with commas between them, `-` before one for the
 * descending order. `@random` and `@rowid` are names too.
 *
 * @throws RuleError for what is no column, and for more than eight fields or 255 bytes a field
 */
export function sortSql(text: string, columns: SortColumns): Sql {
  const parts = text.split(",");
  if (parts.length > MAX_FIELDS) throw new RuleError(`more than ${MAX_FIELDS} fields`, 0);
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
    throw new RuleError(`a field of more than ${MAX_FIELD_LENGTH} bytes`, position);
  }
  if (name === "@random") return sql`RANDOM()`;
  const column = name === "@rowid" ? columns.rowid : columnSql(columns.column(name, position));
  if (!column) throw new RuleError(`can't sort by "${name}"`, position);
  return field.startsWith("-") ? sql`${column} DESC` : sql`${column} ASC`;
}

/** Only what differs from row to row gives an order. */
const columnSql = ({ sql: column, values, isNull, isFilled }: Term): Sql | undefined =>
  values.length > 0 || isNull || isFilled ? undefined : column;
