import { join } from "node:path";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";

const MODEL = join(import.meta.dir, "../../packages/server/test/sync/run-model.ts");
/** The model test reads the number of steps from `HEADWATER_SYNC_STEPS`. */
const STEPS = 1_250;
const STEPS_IN_SHORT = 150;

export const sync = family("sync", [
  [
    "model",
    "After each pull, a sync client has exactly what a list shows, whatever writes, rule changes, forged cookies and lost responses came before.",
    async (run) => {
      const seed = String(run.random.int(1, 1_000_000_000));
      const steps = String(run.isShort ? STEPS_IN_SHORT : STEPS);
      const model = Bun.spawn([process.execPath, MODEL, seed, steps], { stdout: "pipe", stderr: "pipe" });
      const [pulls, failure] = await Promise.all([model.stdout.text(), model.stderr.text()]);
      const command = `HEADWATER_SEED=${seed} HEADWATER_SYNC_STEPS=${steps} npx bun test packages/server/test/sync`;
      ensure((await model.exited) === 0, `${failure.trim()}\n${command}`);
      run.compared(Number(pulls));
    },
    ["some seeds", "short"],
  ],
]);
