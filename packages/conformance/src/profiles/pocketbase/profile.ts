import type { Profile } from "../../core/case.ts";
import { authCases } from "./auth.ts";
import { connectionCases } from "./connection.ts";
import { errorCases } from "./errors.ts";
import { eventCases } from "./events.ts";
import { performanceCases } from "./performance.ts";
import { openContext, type PocketBaseTarget, type PocketBaseContext } from "./context.ts";

/** 25 behaviours of a server that speaks PocketBase's realtime protocol, and of its client. */
export const pocketbaseProfile: Profile<PocketBaseTarget, PocketBaseContext> = {
  name: "pocketbase",
  subject: "server",
  heartbeatMs: 20_000,
  cases: [...connectionCases, ...authCases, ...eventCases, ...errorCases, ...performanceCases],
  open: openContext,
};
