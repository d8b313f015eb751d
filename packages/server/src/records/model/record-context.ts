import type { CollectionId } from "@headwater/protocol";
import type { RecordValues } from "@headwater/protocol";
import type { Schema } from "../../collections/model/schema.ts";
import type { FileStore } from "../../files/file-store.ts";
import type { PendingUploads } from "../../files/uploads/pending-uploads.ts";
import type { RuleContext } from "../../rules/rule-context.ts";
import type { Query } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import type { HookContext } from "./hook-registry.ts";
import type { Precondition } from "./precondition.ts";
import type { RecordVersions } from "./record-version.ts";

/** What a write needs besides the record. */
export interface WriteContext {
  readonly schema: Schema;
  readonly now: Date;
  readonly files: FileStore;
  /** Takes work to do after the commit that nobody waits for, such as deleting old files. */
  readonly background: (work: () => Promise<void>) => void;
  /** Values of autodate fields that are written instead of the time. */
  readonly dates?: Readonly<Record<string, string>> | undefined;
  /** `undefined` if no hooks run. */
  readonly hooks?: HookContext | undefined;
}

/** The requester, the request and its time: shared by all reads and writes of one request. */
export interface RecordContext extends RuleContext, WriteContext {
  /** Set if answers say which version each record has. */
  readonly versions?: RecordVersions | undefined;
  /** What to show with records besides their fields; the keys start with `@`. */
  readonly extras?: ReadonlyMap<RecordValues, Readonly<Record<string, unknown>>> | undefined;
  /** Uploads that arrived before their record. Without them, none can be named. */
  readonly uploads?: PendingUploads | undefined;
  /** Set if counts of lists are kept. */
  readonly counts?: KnownCounts | undefined;
  /** What must hold of the record that is written. */
  readonly precondition?: Precondition | undefined;
  /** How much an answer may hold; the defaults unless given. */
  readonly answerLimits?: AnswerLimits | undefined;
}

/** Counts of lists by their statements. */
export interface KnownCounts {
  /**
   * @param reader one snapshot
   * @param of the collection whose records alone decide the count; `undefined` if others may
   * @param count counts them
   */
  total(reader: Reader, query: Query, of: CollectionId | undefined, count: () => Promise<number>): Promise<number>;
}

/** How much one answer may hold. 0 is no limit. */
export interface AnswerLimits {
  /** Characters of JSON, about. */
  readonly bytes: number;
  /** References that `expand` follows: a record that three others refer to counts three times. */
  readonly expanded: number;
  /** Called with the code of a limit that refuses an answer. */
  readonly refused?: (limit: string) => void;
}
