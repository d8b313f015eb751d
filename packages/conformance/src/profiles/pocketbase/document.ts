import type { Standard } from "../../core/case.ts";

/** The five groups, as the document of the 25 behaviours names them. */
export const GROUP = {
  connection: "SSE Connection Management",
  auth: "Authentication & Authorization",
  events: "Real-time Event Handling",
  errors: "Error Scenarios & Recovery",
  performance: "Performance & Scalability",
} as const;

/** A sentence from that document. */
export const quote = (sentence: string): Standard => ({ source: "PocketBase SSE Subscription Tests", sentence });
