import type { Profile } from "../../core/case.ts";
import { flowCases } from "./flow.ts";
import { formatCases, jsonCase } from "./format.ts";
import { headerCases } from "./headers.ts";
import { reconnectCases } from "./reconnect.ts";
import { openContext, type SseTarget, type SseContext } from "./target.ts";

/** Any SSE endpoint: what the standard requires, and what proxies and caches on the way require. */
export const sseProfile: Profile<SseTarget, SseContext> = {
  name: "sse",
  subject: "server",
  heartbeatMs: 15_000,
  cases: [...headerCases, ...formatCases, ...flowCases, ...reconnectCases],
  open: openContext,
};

/** The same, for endpoints whose data is JSON. */
export const jsonSseProfile: Profile<SseTarget, SseContext> = { ...sseProfile, cases: [...sseProfile.cases, jsonCase] };
