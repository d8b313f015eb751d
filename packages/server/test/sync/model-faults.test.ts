import { expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom } from "@headwater/testing/lib/seeded-random.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { runModel } from "./model-steps.ts";
import { FAULTS } from "./model-faults.ts";

setDefaultTimeout(120_000);

const STEPS = 600;
const SEEDS = 10;

for (const [name, makeFault] of Object.entries(FAULTS)) {
  test(`the model detects the fault: ${name}`, async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      using dir = tempDir();
      const outcome = await runModel(dir.path, seededRandom(seed), STEPS, makeFault()).catch((error: unknown) => error);
      if (outcome instanceof Error) return;
    }
    expect().fail(`not detected in ${SEEDS} runs of ${STEPS} steps`);
  });
}
