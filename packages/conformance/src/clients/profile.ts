import type { Profile } from "../core/case.ts";
import { connectingCases } from "./connecting.ts";
import { readingCases } from "./reading.ts";
import { type ClientTarget, type ClientWorld, openWorld } from "./world.ts";

/** The other direction: any SSE client, at a server that says what it is told to. */
export const clientProfile: Profile<ClientTarget, ClientWorld> = {
  name: "client",
  judges: "client",
  cases: [...readingCases, ...connectingCases],
  open: openWorld,
};
