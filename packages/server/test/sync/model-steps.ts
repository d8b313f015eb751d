import type { Model } from "./model.ts";

interface Step {
  /** How often it is taken, beside the others. */
  readonly weight: number;
  readonly take: (model: Model) => Promise<unknown>;
}

/** What may happen, and how often, beside the others. */
export const STEPS: readonly (readonly [string, Step])[] = Object.entries({
  write: { weight: 40, take: (model) => model.writes.write() },
  writes: {
    weight: 8,
    async take(model) {
      for (let i = model.random.int(2, 12); i > 0; i -= 1) await model.writes.write();
    },
  },
  check: { weight: 30, take: (model) => model.check(model.someone()) },
  old: {
    weight: 10,
    take(model) {
      const client = model.someone();
      return model.check(client, model.random.pick(client.earlier));
    },
  },
  // An answer that is lost, or the first of several pages.
  lost: {
    weight: 6,
    async take(model) {
      const client = model.someone();
      const { kept } = client;
      await client.pull(model.world);
      if (model.random.chance(60)) client.kept = kept;
    },
  },
  mutate: { weight: 10, take: (model) => model.mutate() },
  push: { weight: 12, take: (model) => model.push() },
  crowd: { weight: 5, take: (model) => model.crowd() },
  forge: { weight: 6, take: (model) => model.forge() },
  steal: { weight: 1, take: (model) => model.steal() },
  thief: { weight: 1, take: (model) => model.thief() },
  fork: { weight: 3, take: (model) => model.fork() },
  tab: { weight: 3, take: (model) => model.newTab() },
  rule: { weight: 4, take: (model) => model.writes.changeRule() },
  flip: { weight: 3, take: (model) => model.flip() },
  schema: { weight: 2, take: (model) => model.writes.changeSchema() },
  expire: { weight: 2, take: (model) => model.expire() },
  trim: { weight: 2, take: (model) => model.trim() },
  restart: { weight: 1, take: (model) => model.restart() },
} satisfies Record<string, Step>);
