import type { Scenario } from "../lib/scenario.ts";
import { atomicity } from "./atomicity.ts";
import { order } from "./order.ts";
import { recovery } from "./recovery.ts";
import { revocation } from "./revocation.ts";
import { snapshot } from "./snapshot.ts";
import { storm } from "./storm.ts";

export const SCENARIOS: readonly Scenario[] = [recovery, order, atomicity, snapshot, revocation, storm].flat();
