import type { Profile } from "../../core/case.ts";
import { flowCases } from "./flow.ts";
import { formatCases, jsonCase } from "./format.ts";
import { headerCases } from "./headers.ts";
import { reconnectCases } from "./reconnect.ts";
import { openWorld, type SseTarget, type SseWorld } from "./target.ts";

/** Any endpoint that streams: what the standard, and what lies between server and client, demand of it. */
export const sseProfile: Profile<SseTarget, SseWorld> = {
  name: "sse",
  judges: "server",
  cases: [...headerCases, ...formatCases, ...flowCases, ...reconnectCases],
  open: openWorld,
};

/** The same for endpoints whose data is JSON. */
export const jsonSseProfile: Profile<SseTarget, SseWorld> = { ...sseProfile, cases: [...sseProfile.cases, jsonCase] };
