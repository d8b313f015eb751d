import type { Standard } from "../../core/case.ts";

/** The five groups, named as in the document that lists the 25 behaviours. */
export const GROUP = {
  connection: "SSE Connection Management",
  auth: "Authentication & Authorization",
  events: "Real-time Event Handling",
  errors: "Error Scenarios & Recovery",
  performance: "Performance & Scalability",
} as const;

/** A sentence of that document. */
export const said = (sentence: string): Standard => ({ source: "PocketBase SSE Subscription Tests", sentence });
