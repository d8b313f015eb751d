import type { Schema } from "../../collections/model/schema.ts";
import type { FileStore } from "../../files/file-store.ts";
import type { RuleContext } from "../../rules/rule-context.ts";
import type { WriteHooks } from "./hook-registry.ts";

/** What a write needs to know besides the record. */
export interface WriteContext {
  readonly schema: Schema;
  readonly now: Date;
  readonly files: FileStore;
  /** Takes over work that follows a commit and that nobody waits for, such as the removal of old files. */
  readonly background: (work: () => Promise<void>) => void;
  /** Missing where no hooks are to run. */
  readonly hooks?: WriteHooks | undefined;
}

/** Who asks, for what, and when: the same for all verbs of one request. */
export interface RecordContext extends RuleContext, WriteContext {}
