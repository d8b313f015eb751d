/** Runs the model in its own process: `bun run-model.ts SEED STEPS`. Prints the number of pulls. */
import { seededRandom } from "@headwater/testing/lib/seeded-random.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { runModel } from "./model-steps.ts";

const [seed = 1, steps = 1_000] = process.argv.slice(2).map(Number);
using dir = tempDir();
try {
  const { pulls } = await runModel(dir.path, seededRandom(seed), steps);
  process.stdout.write(String(pulls));
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
