/** What a process for one script is started with. */
export interface SqlJob {
  readonly path: string;
  readonly script: string;
  /** `read` refuses to write; `write` runs the script in one transaction. */
  readonly mode: "read" | "write";
  /** Whether the answer has the rows of the last statement. */
  readonly returnsRows: boolean;
  /** Rows after which the answer is cut; 0 is no limit. */
  readonly maxRows: number;
  /** Bytes of rows above which the script fails; 0 is no limit. */
  readonly maxBytes: number;
  /** Seconds after which the system ends the process if its parent doesn't; 0 is never. */
  readonly alarmSeconds: number;
  readonly guard: SqlGuard;
}

/** What a script must leave alone, and what has to follow it. */
export interface SqlGuard {
  /** Tables that it must not write: all whose names start with one of these. */
  readonly protectedPrefixes: readonly string[];
  /** Triggers that it must not drop, but that may write to those tables. */
  readonly triggerPrefix: string;
  /** A query whose result a script changes if it changes tables that matter, which no trigger notices. */
  readonly shape: string;
  /** Runs if it does. */
  readonly afterShapeChange: string;
  /** Runs after the script, in its transaction. */
  readonly afterWrite: readonly string[];
}

export interface SqlColumn {
  readonly name: string;
  /** As declared, in capitals; "" for an expression. */
  readonly type: string;
}

export interface SqlAnswer {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly affectedRows: number;
}

export type SqlReply =
  /** The script writes, so it needs the mode `write`. */
  | { readonly kind: "writes" }
  /** From now on the process must not be ended: nobody could say whether the script was committed. */
  | { readonly kind: "committing" }
  | { readonly kind: "done"; readonly answer: SqlAnswer }
  | { readonly kind: "error"; readonly message: string };
