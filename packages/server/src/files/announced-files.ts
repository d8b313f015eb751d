import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../lib/json/json-value.ts";
import { randomId } from "../lib/random.ts";

interface Announcement {
  readonly keys: readonly string[];
  readonly settle: () => Promise<void>;
}

const KEYS = z.array(z.string());

/** Notes of files that are being stored, each in a file of its own: what a killed process leaves shows which ones they were. */
export class AnnouncedFiles {
  readonly #folder: string;

  /** @param folder created on first use */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns a function that takes the note away */
  async add(keys: readonly string[]): Promise<Announcement["settle"]> {
    const path = join(this.#folder, randomId());
    await mkdir(this.#folder, { recursive: true });
    await Bun.write(path, JSON.stringify(keys));
    return () => rm(path, { force: true });
  }

  async keys(): Promise<ReadonlySet<string>> {
    return new Set((await this.#all()).flatMap(({ keys }) => keys));
  }

  /** @param settle called for each key that was announced, before its note is taken away */
  async sweep(settle: (key: string) => Promise<void>): Promise<void> {
    for (const note of await this.#all()) {
      for (const key of note.keys) await settle(key);
      await note.settle();
    }
  }

  async #all(): Promise<Announcement[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return Promise.all(
      names.map(async (name) => {
        const path = join(this.#folder, name);
        // A note that was cut was followed by no file.
        const { data: keys = [] } = KEYS.safeParse(parseJson(await Bun.file(path).text()));
        return { keys, settle: () => rm(path, { force: true }) };
      }),
    );
  }
}
