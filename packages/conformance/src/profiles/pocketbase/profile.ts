import type { Profile } from "../../core/case.ts";
import { authCases } from "./auth.ts";
import { connectionCases } from "./connection.ts";
import { errorCases } from "./errors.ts";
import { eventCases } from "./events.ts";
import { performanceCases } from "./performance.ts";
import { openWorld, type PocketBaseTarget, type PocketBaseWorld } from "./world.ts";

/** 25 behaviours of a server that speaks PocketBase's realtime protocol, and of a client that listens to it. */
export const pocketbaseProfile: Profile<PocketBaseTarget, PocketBaseWorld> = {
  name: "pocketbase",
  judges: "server",
  cases: [...connectionCases, ...authCases, ...eventCases, ...errorCases, ...performanceCases],
  open: openWorld,
};
