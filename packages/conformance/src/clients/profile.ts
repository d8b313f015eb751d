import type { Profile } from "../core/case.ts";
import { CLIENT_CASES } from "./cases/all.ts";
import { type ClientContext, type ClientTarget, openContext } from "./context.ts";

/** Any SSE client, against a scripted server. */
export const clientProfile: Profile<ClientTarget, ClientContext> = {
  name: "client",
  subject: "client",
  cases: CLIENT_CASES,
  open: openContext,
};
