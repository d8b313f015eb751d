import type { Profile } from "../core/case.ts";
import { connectingCases } from "./connecting.ts";
import { readingCases } from "./reading.ts";
import { type ClientTarget, type ClientContext, openContext } from "./context.ts";

/** Any SSE client, against a scripted server. */
export const clientProfile: Profile<ClientTarget, ClientContext> = {
  name: "client",
  subject: "client",
  cases: [...readingCases, ...connectingCases],
  open: openContext,
};
