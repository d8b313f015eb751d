import { UserError } from "../lib/user-error.ts";
import { findOrphans, type Orphan } from "../records/files/find-orphans.ts";
import { CurrentSettings } from "../settings/current-settings.ts";
import { openExistingFolder } from "./existing-folder.ts";

export interface SweepOptions {
  readonly dir: string;
  /** Decrypts the settings; "" if they are stored as they are. */
  readonly encryptionKey: string;
  /** Removes the files; otherwise they are only listed. */
  readonly remove: boolean;
  readonly minAgeHours: number;
}

const REASONS = {
  collection: "its collection is gone",
  record: "its record is gone",
  name: "its record does not name it",
} as const satisfies Record<Orphan["missing"], string>;

/** Lists or removes stored files that no record names, also while a server is running. */
export async function sweepOrphans({ dir, encryptionKey, remove, minAgeHours }: SweepOptions): Promise<void> {
  const folder = await openExistingFolder(dir);
  try {
    const { store, registry, files } = folder;
    const { s3 } = (await CurrentSettings.open(store, encryptionKey)).current;
    files.selectBy(() => s3);
    const before = new Date(Date.now() - minAgeHours * 3_600_000);
    let count = 0;
    let bytes = 0;
    for await (const { key, size, missing } of findOrphans({
      reader: store,
      schema: registry.current,
      files,
      before,
    })) {
      print(`${key}  ${size} bytes: ${REASONS[missing]}`);
      if (remove) await files.remove(key);
      count += 1;
      bytes += size;
    }
    const what = `${count} ${count === 1 ? "file" : "files"} with ${bytes} bytes`;
    print(remove ? `Removed ${what}.` : `Found ${what}. With --delete, they are removed.`);
  } finally {
    await folder.close();
  }
}

/** @throws UserError if the text is no number of hours */
export function parseHours(text: string): number {
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text)) return Number(text);
  throw new UserError(`--min-age-hours must be a number of hours, not "${text}".`);
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
