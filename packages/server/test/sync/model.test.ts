import { expect, setDefaultTimeout, test } from "bun:test";
import { seededRandom } from "@headwater/testing/lib/seeded-random.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { runModel } from "./model-steps.ts";

const STEPS = Number(process.env["HEADWATER_SYNC_STEPS"] ?? 400);
const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);

setDefaultTimeout(60_000 + STEPS * 200);

test(`after each pull, a client has what a list request returns, through ${STEPS} random steps (HEADWATER_SEED=${SEED})`, async () => {
  using dir = tempDir();
  const { pulls } = await runModel(dir.path, seededRandom(SEED), STEPS);
  expect(pulls).toBeGreaterThan(STEPS / 4);
});
