/** Publishes the load of the tasks bench inside the server: many streams of small events. */
import { type Extendable, type TaskRun } from "headwater";

/** How an event is published. */
export type Path = "progress" | "text" | "records";

export interface Load {
  readonly path: Path;
  readonly streams: number;
  /** Events per second on each stream. */
  readonly rate: number;
  readonly seconds: number;
}

const now = (): number => performance.timeOrigin + performance.now();

export default (app: Extendable): void => {
  const runs = new Map<string, TaskRun>();
  const ends = new Map<string, () => void>();
  app.tasks.define(
    "stream",
    (_, run) => {
      runs.set(run.id, run);
      return new Promise<void>((resolve) => ends.set(run.id, resolve));
    },
    { concurrency: 100_000 },
  );

  /** Creates the streams. @returns their ids */
  app.route("POST", "/bench/streams", async (request) => {
    const { path, streams } = (await request.json()) as Load;
    return Promise.all(
      Array.from({ length: streams }, async () => {
        if (path === "records") return (await app.records("notes").create({ title: "a stream" })).id;
        const { id } = await app.tasks.start("stream");
        while (!runs.has(id)) await Bun.sleep(1);
        return id;
      }),
    );
  });

  const publish = (path: Path, id: string, title: string): Promise<unknown> | undefined => {
    if (path === "records") return app.records("notes").update(id, { title });
    const run = runs.get(id)!;
    if (path === "text") run.write(title);
    else run.progress({ text: title });
    return undefined;
  };

  /** Publishes each event when it is due, round-robin over the streams. Responds when all are stored. */
  app.route("POST", "/bench/load", async (request) => {
    const { path, rate, seconds, ids } = (await request.json()) as Load & { readonly ids: readonly string[] };
    const perSecond = rate * ids.length;
    const total = perSecond * seconds;
    const writes: Promise<unknown>[] = [];
    const startedAt = now();
    for (let event = 0; event < total;) {
      const due = Math.min(total, Math.floor(((now() - startedAt) * perSecond) / 1_000));
      for (; event < due; event += 1) {
        const at = startedAt + (event * 1_000) / perSecond;
        const write = publish(path, ids[event % ids.length]!, `n=${event};t=${at.toFixed(3)};`);
        if (write) writes.push(write);
      }
      await Bun.sleep(1);
    }
    await Promise.all(writes);
    await runs.get(ids[0]!)?.flushed();
    return { events: total };
  });
};
