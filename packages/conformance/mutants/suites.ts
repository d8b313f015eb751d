import type { Judged } from "./framework/judge.ts";
import { clientSuite } from "./profiles/client.ts";
import { pocketbaseSuite } from "./profiles/pocketbase.ts";
import { replicacheSuite } from "./profiles/replicache.ts";
import { sseSuite } from "./profiles/sse.ts";
import { tasksSuite } from "./profiles/tasks.ts";
import { versionSuite } from "./profiles/version.ts";

/** Every profile with its mutants, the slowest first. */
export const SUITES: readonly Judged[] = [
  pocketbaseSuite,
  clientSuite,
  tasksSuite,
  replicacheSuite,
  versionSuite,
  sseSuite,
];
