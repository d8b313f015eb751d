import type { Scenario } from "../lib/scenario.ts";
import { recovery } from "./recovery.ts";
import { storm } from "./storm.ts";

export const SCENARIOS: readonly Scenario[] = [recovery, storm].flat();
