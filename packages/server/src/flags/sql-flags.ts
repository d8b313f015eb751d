import type { Setting } from "./setting.ts";

/** What SQL scripts of superusers, and measurements for them, may take. */
export const SQL_SETTINGS = {
  sqlSeconds: {
    flag: "--sql-seconds",
    variable: "HEADWATER_SQL_SECONDS",
    fallback: "180",
    help: "seconds after which a script of POST /api/sql is cut; while one writes, other writes wait; 0 is no limit",
  },
  sqlRows: {
    flag: "--sql-rows",
    variable: "HEADWATER_SQL_ROWS",
    fallback: "1000",
    help: "maximum number of rows that POST /api/sql returns; the rest is left out; 0 is no limit",
  },
  adviceSeconds: {
    flag: "--advice-seconds",
    variable: "HEADWATER_ADVICE_SECONDS",
    fallback: "60",
    help: "seconds that measurements for advice on indexes may take, beside the server; what is left is named; 0 is no limit",
  },
} as const satisfies Readonly<Record<string, Setting>>;
