import type { Scenario } from "../lib/scenario.ts";
import { recovery } from "./recovery.ts";

export const SCENARIOS: readonly Scenario[] = [recovery].flat();
