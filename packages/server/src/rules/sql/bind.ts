import { toText } from "../../lib/text/coerce.ts";
import { compared, type Sql, sql } from "../../store/sql.ts";
import type { RuleValue } from "../resolve/request-value.ts";
import { likePattern } from "../syntax/like-pattern.ts";

/** Binds a value to the statement. `~` binds its right side as a pattern. */
export interface Bind {
  (value: Exclude<RuleValue, null>): Sql;
  /** The text that is bound for a text. */
  readonly text: (text: string) => string;
}

/** Plain numbers are floats, as in Go: 1.0 does not match the text "1" as an integer 1 would. */
export const bind: Bind = Object.assign(
  (value: Exclude<RuleValue, null>): Sql => {
    if (typeof value === "number") return sql`(${value} + 0.0)`;
    return compared(typeof value === "string" ? value : Number(value));
  },
  { text: (text: string) => text },
);

/** Binds a value as the pattern that `~` makes of it. */
export const bindPattern: Bind = Object.assign(
  (value: Exclude<RuleValue, null>): Sql => compared(likePattern(toText(value))),
  { text: likePattern },
);
