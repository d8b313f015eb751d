import { clientProfile } from "../../src/clients/profile.ts";
import { clientMutants } from "../client/mutants.ts";
import { oddClient } from "../client/odd.ts";
import { judged } from "../framework/judge.ts";

/** SSE clients: each rule of the standard, and the clients that break it. */
export const clientSuite = judged({
  profile: clientProfile,
  mutants: clientMutants,
  odd: (random) => ({ driver: oddClient(random) }),
  // Each opens up to 24 connections at once, and Bun's fetch has a limit of 256.
  width: 8,
  clock: { patienceMs: 6_000, settleMs: 600 },
});
