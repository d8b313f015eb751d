import { Inbox } from "@headwater/testing/clients/inbox.ts";
import type { Random } from "@headwater/testing/lib/seeded-random.ts";
import type { Values } from "./rules.ts";
import type { ScenarioRun } from "./scenario-run.ts";
import { within } from "./within.ts";
import { Writer } from "./writer.ts";

/** A successful write. Titles are unique. */
export interface Written {
  readonly action: "create" | "update" | "delete";
  readonly collection: string;
  readonly record: string;
  readonly title: string;
}

/** Writers that create records and change each other's, until they are stopped or the server goes down. */
export class WriterPool {
  readonly written = new Inbox<Written>();
  readonly #run: ScenarioRun;
  readonly #collections: readonly string[];
  /** Ids of existing records, by collection. */
  readonly #existing = new Map<string, string[]>();
  readonly #name: string;
  #stopped = false;
  #done: Promise<unknown> = Promise.resolve();
  #titles = 0;

  /** @param name prefix of the titles, unique among the pools of a run */
  constructor(run: ScenarioRun, name: string, collections: readonly string[]) {
    this.#run = run;
    this.#name = name;
    this.#collections = collections;
  }

  start(writers: number): this {
    const randoms = Array.from({ length: writers }, () => this.#run.random.fork());
    this.#done = Promise.all(randoms.map((random) => this.#write(random)));
    this.#done.catch(() => undefined); // `stop` rethrows it.
    return this;
  }

  /** Waits until this many writes have succeeded. */
  async answered(count: number): Promise<void> {
    await Promise.race([this.written.until(({ length }) => length >= count), this.#done]);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await within(this.#done, "the writers stop");
  }

  async #write(random: Random): Promise<void> {
    using writer = await Writer.open(this.#run.url);
    while (!this.#stopped) {
      const collection = random.pick(this.#collections);
      if ((await this.#step(writer, random, collection)) === "gone") return;
    }
  }

  async #step(writer: Writer, random: Random, collection: string): Promise<"gone" | "on"> {
    const existing = this.#existing.getOrInsertComputed(collection, () => [] as string[]);
    const title = `${this.#name} ${(this.#titles += 1)}${random.chance(30) ? " x" : ""}`;
    const values = valuesFor(this.#run, random, collection, title);
    if (existing.length === 0 || random.chance(50)) {
      const record = await writer.create(collection, values);
      if (record === undefined) return "gone";
      existing.push(record);
      this.written.push({ action: "create", collection, record, title });
      return "on";
    }
    const action = random.chance(80) ? "update" : "delete";
    const record = random.pick(existing);
    if (action === "delete") existing.splice(existing.indexOf(record), 1);
    const found = await (action === "update"
      ? writer.update(collection, record, values)
      : writer.remove(collection, record));
    if (found) this.written.push({ action, collection, record, title });
    return found === undefined ? "gone" : "on";
  }
}

function valuesFor({ seedFolder, rooms }: ScenarioRun, random: Random, collection: string, title: string): Values {
  const values = { title, size: random.int(0, 100), open: random.chance(50) };
  const user = random.pick(seedFolder.users);
  if (collection === "diaries") return { ...values, owner: user.id };
  if (collection === "plans") return { ...values, crew: user.name };
  if (collection === "messages") return { ...values, room: random.pick(rooms) };
  return values;
}
