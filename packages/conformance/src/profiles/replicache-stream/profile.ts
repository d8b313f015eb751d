import type { Profile } from "../../core/case.ts";
import { replicacheCases } from "./cases.ts";
import { openContext, type ReplicacheTarget, type ReplicacheContext } from "./target.ts";

/** The stream that tells Replicache clients to pull. */
export const replicacheStreamProfile: Profile<ReplicacheTarget, ReplicacheContext> = {
  name: "replicache-stream",
  subject: "server",
  heartbeatMs: 30_000,
  cases: replicacheCases,
  open: openContext,
};
