import type { Epoch } from "@headwater/protocol";
import type { SqlRunner } from "../collections/commands/run-sql.ts";
import type { ConnectionContext } from "../connections/connection-context.ts";
import type { StreamTickets } from "../connections/pokes/stream-tickets.ts";
import type { StreamedAnswers } from "../http/streamed-json.ts";
import type { KeyedQueue } from "../lib/scheduling/keyed-queue.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { RunningImports } from "./transfer/running-imports.ts";
import type { Spool } from "../files/spool.ts";
import type { AddressGroups } from "../connections/address-group.ts";
import type { SelectedFiles } from "../files/selected-files.ts";
import type { PendingUploads } from "../files/uploads/pending-uploads.ts";
import type { Thumbs } from "../files/thumbs/thumbs.ts";
import type { HookRegistry } from "../records/model/hook-registry.ts";
import type { CountCache } from "../records/query/count-cache.ts";
import type { RecordVersions } from "../records/model/record-version.ts";
import type { ObservedStore } from "../store/sqlite/sqlite-store.ts";
import type { Mutators } from "../sync/mutators.ts";
import type { PokeRules } from "../sync/poke-rules.ts";
import type { Tasks } from "../tasks/tasks.ts";

/** What the endpoints work with. `app/` builds it. */
export interface ApiContext extends ConnectionContext {
  /** Client views of another epoch of the log start over. */
  readonly epoch: Epoch;
  readonly store: ObservedStore;
  readonly files: SelectedFiles;
  readonly uploads: PendingUploads;
  /** What the limits by address count together. */
  readonly addressGroups: AddressGroups;
  readonly hooks: HookRegistry;
  readonly versions: RecordVersions;
  readonly imports: RunningImports;
  readonly counts: CountCache;
  readonly spool: Spool;
  readonly sql: SqlRunner;
  readonly mutators: Mutators;
  readonly pokeRules: PokeRules;
  readonly tasks: Tasks;
  readonly metrics: Metrics;
  /** Pulls, and pushes, of one client group run one after another. */
  readonly pullQueue: KeyedQueue;
  readonly pushQueue: KeyedQueue;
  readonly tickets: StreamTickets;
  readonly streamedAnswers: StreamedAnswers;
  readonly thumbs: Thumbs;
  readonly startedAt: Date;
  /** Runs work that follows a response. Nobody waits for it except the server when it stops. */
  readonly background: (work: () => Promise<void>) => void;
}
