import type { Store } from "../store/store.ts";
import { DEFAULT_SETTINGS, type Settings } from "./settings.ts";
import { readSettings, writeSettings } from "./settings-table.ts";

/** Holds the current settings. They are replaced as a whole, so a caller that read `current` keeps consistent ones. */
export class CurrentSettings {
  #current: Settings = DEFAULT_SETTINGS;
  readonly #store: Store;
  readonly #key: string;

  private constructor(store: Store, key: string) {
    this.#store = store;
    this.#key = key;
  }

  /**
   * @param key encrypts the settings; "" to store them as they are
   * @throws UserError if the stored settings can't be read
   */
  static async open(store: Store, key: string): Promise<CurrentSettings> {
    const settings = new CurrentSettings(store, key);
    await settings.reload();
    return settings;
  }

  get current(): Settings {
    return this.#current;
  }

  /** Stores what `change` makes of the settings, which apply from the commit on. @throws whatever `change` throws */
  update(now: Date, change: (before: Settings) => Settings): Promise<Settings> {
    return this.#store.write(async (tx) => {
      const after = change(await readSettings(tx, this.#key));
      await writeSettings(tx, after, this.#key, now);
      tx.afterCommit(() => (this.#current = after));
      return after;
    });
  }

  /** Reads in the writers' queue: a read outside it could replace newer settings with older ones. */
  reload(): Promise<void> {
    return this.#store.write(async (tx) => {
      const settings = await readSettings(tx, this.#key);
      tx.afterCommit(() => (this.#current = settings));
    });
  }
}
