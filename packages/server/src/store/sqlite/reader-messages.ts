import type { Row, SqlValue } from "../sql.ts";
import type { StoreErrorKind } from "../store.ts";

/** What a reader process is started with. */
export interface ReaderSettings {
  readonly path: string;
  readonly cacheKiB: number;
  /** The most bytes of rows that one statement may return; 0 is no limit. */
  readonly answerBytes: number;
  /** Whether large sorts go to a file: where nobody watches the memory of the process. */
  readonly sortsInFiles: boolean;
  /** Seconds after which the system ends a reader that its parent no longer watches; 0 is never. */
  readonly alarmSeconds: number;
  /** Whether it writes, in one transaction that it begins and commits on request. */
  readonly writes?: boolean;
}

/**
 * `begin` and `end` a snapshot, or run a statement. A process that writes also takes `run`, whose answer is a row with the
 * number of changes, `settle`, which leaves less for the commit to do, and `commit`; if that fails, it ends.
 */
export type ReaderRequest =
  | { readonly kind: "begin" }
  | { readonly kind: "end" }
  | { readonly kind: "settle" }
  | { readonly kind: "commit" }
  | { readonly kind: "run"; readonly text: string; readonly values: readonly SqlValue[] }
  | {
      readonly kind: "all";
      readonly text: string;
      readonly values: readonly SqlValue[];
      readonly isReusable?: boolean | undefined;
      /** Begins a snapshot first. */
      readonly begins: boolean;
    };

/** Rows come in parts, so that no single message takes long to read. The last part comes with the end. */
export type ReaderReply =
  | { readonly kind: "rows"; readonly rows: readonly Row[] }
  | { readonly kind: "done"; readonly rows: readonly Row[] }
  | { readonly kind: "error"; readonly error: StoreErrorKind; readonly message: string };
