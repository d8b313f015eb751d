import type { Scenario } from "../lib/scenario.ts";
import { atomicity } from "./atomicity.ts";
import { bulk } from "./bulk.ts";
import { clock } from "./clock.ts";
import { lineage } from "./edges/lineage.ts";
import { processes } from "./edges/processes.ts";
import { replays } from "./edges/replays.ts";
import { writes } from "./edges/writes.ts";
import { bodies } from "./hostile/bodies.ts";
import { queries } from "./hostile/queries.ts";
import { subscriptions } from "./hostile/subscriptions.ts";
import { herd } from "./herd.ts";
import { order } from "./order.ts";
import { poison } from "./poison.ts";
import { readers } from "./readers.ts";
import { recovery } from "./recovery.ts";
import { resync } from "./resync.ts";
import { revocation } from "./revocation.ts";
import { revocationAway } from "./revocation-away.ts";
import { snapshot } from "./snapshot.ts";
import { sockets } from "./sockets.ts";
import { storm } from "./storm.ts";
import { tasks } from "./tasks.ts";
import { sync } from "./sync.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...bulk,
  ...recovery,
  ...order,
  ...atomicity,
  ...snapshot,
  ...revocation,
  ...revocationAway,
  ...resync,
  ...readers,
  ...herd,
  ...poison,
  ...clock,
  ...tasks,
  ...sockets,
  ...storm,
  ...sync,
  ...lineage,
  ...replays,
  ...writes,
  ...processes,
  ...queries,
  ...bodies,
  ...subscriptions,
];
