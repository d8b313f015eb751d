import { expect, setDefaultTimeout, test } from "bun:test";
import { SUITES } from "../mutants/suites.ts";
import { mutate } from "../mutants/framework/run.ts";
import { faultsOf } from "../mutants/framework/table.ts";

setDefaultTimeout(120_000);

/** `npm run mutate` judges all mutants; here, some of each profile. */
const MUTANTS = 12;
const SEEDS = [1, 2, 3];
const WIDTH = 12;

/** Each of its runs takes seconds: `npm run mutate` has them, and another test plays its cases. */
const quick = SUITES.filter(({ profile }) => profile !== "pocketbase");

for (const suite of quick)
  test.concurrent(`the profile ${suite.profile} catches mutants and refuses no right peer`, async () => {
    const result = await mutate(suite, {
      width: WIDTH,
      every: Math.ceil(suite.mutants.length / MUTANTS),
      seeds: SEEDS,
      isBusy: true,
    });
    expect(faultsOf([result], false)).toEqual([]);
    expect(result.mutants.length).toBeGreaterThan(0);
  });

test("no two mutants of a profile have the same name", () => {
  for (const { mutants } of SUITES) {
    const labels = mutants.map(({ label }) => label);
    expect(labels.filter((label, at) => labels.indexOf(label) !== at)).toEqual([]);
  }
});
