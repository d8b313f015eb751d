import { WAYS } from "../lib/listener.ts";
import { family } from "../lib/scenario.ts";
import type { Stage } from "../lib/stage.ts";
import { all } from "../lib/topics.ts";

async function write(stage: Stage, count: number): Promise<void> {
  using writer = await stage.writer();
  for (let i = 0; i < count; i += 1) await writer.create("notes", { title: `note ${i}`, size: i });
}

export const recovery = family("recovery", [
  [
    "each-way",
    "By header, address or subscription, a cursor brings back all that was missed, and then what is live.",
    async (stage) => {
      await stage.start();
      const listeners = await Promise.all(WAYS.map(() => stage.listen([all("notes")])));
      await write(stage, 5);
      await stage.settle();
      await Promise.all(listeners.map((listener) => listener.drop()));
      await write(stage, 300);
      await Promise.all(listeners.map((listener, i) => listener.sit(stage, WAYS[i])));
      await write(stage, 20);
      await stage.settle();
    },
  ],
]);
