import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import type { Values } from "./rules.ts";
import type { ScenarioRun } from "./scenario-run.ts";
import { Writer } from "./writer.ts";

/**
 * Creates `count` records over `lanes` connections.
 *
 * @returns their ids, in any order if there is more than one lane
 * @throws if the server goes down meanwhile
 */
export async function createMany(
  { url }: ScenarioRun,
  collection: string,
  count: number,
  valuesOf: (index: number) => Values = (index) => ({ title: `${collection} ${index}`, size: index % 100 }),
  lanes = 1,
): Promise<string[]> {
  const ids: string[] = [];
  const writers = await Promise.all(Array.from({ length: lanes }, () => Writer.open(url)));
  const idle = [...writers];
  try {
    await inParallel(count, lanes, async (index) => {
      const writer = idle.pop()!;
      const id = await writer.create(collection, valuesOf(index));
      if (id === undefined) throw new Error("the server went down");
      ids.push(id);
      idle.push(writer);
    });
  } finally {
    for (const writer of writers) writer.close();
  }
  return ids;
}
