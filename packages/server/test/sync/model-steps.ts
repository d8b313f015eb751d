import type { Random } from "@headwater/testing/lib/seeded-random.ts";
import type { Fault } from "./model-faults.ts";
import { Model } from "./model.ts";
import type { RandomStep } from "./random-step.ts";

/** The random steps of a run. */
const STEPS: readonly (readonly [string, RandomStep<Model>])[] = Object.entries({
  write: { weight: 40, take: (model) => model.writes.write() },
  writes: {
    weight: 8,
    async take(model) {
      for (let i = model.random.int(2, 12); i > 0; i -= 1) await model.writes.write();
    },
  },
  check: { weight: 30, take: (model) => model.check(model.anyClient()) },
  old: {
    weight: 10,
    take(model) {
      const client = model.anyClient();
      return model.check(client, model.random.pick(client.earlierStates));
    },
  },
  // A lost response, or only the first of several pages.
  lost: {
    weight: 6,
    async take(model) {
      const client = model.anyClient();
      const { state } = client;
      await client.pull(model.server);
      if (model.random.chance(60)) client.state = state;
    },
  },
  mutate: { weight: 10, take: (model) => model.mutate() },
  push: { weight: 12, take: (model) => model.push() },
  crowd: { weight: 5, take: (model) => model.pullAndPushConcurrently() },
  forge: { weight: 6, take: (model) => model.useForgedCookie() },
  steal: { weight: 1, take: (model) => model.useForeignGroup() },
  thief: { weight: 1, take: (model) => model.useForeignCookie() },
  fork: { weight: 3, take: (model) => model.forkGroup() },
  tab: { weight: 3, take: (model) => model.newTab() },
  rule: { weight: 4, take: (model) => model.writes.changeRule() },
  flip: { weight: 3, take: (model) => model.hideBriefly() },
  schema: { weight: 2, take: (model) => model.writes.changeSchema() },
  expire: { weight: 2, take: (model) => model.expire() },
  trim: { weight: 2, take: (model) => model.trim() },
  restart: { weight: 1, take: (model) => model.restart() },
} satisfies Record<string, RandomStep<Model>>);

/** Runs the model for a number of random steps. @throws Error with the steps that led to a failure */
export const runModel = (dir: string, random: Random, steps: number, fault?: Fault): Promise<Model> =>
  Model.run({ dir, random, steps, kinds: STEPS, fault });
