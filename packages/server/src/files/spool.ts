import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { onDisk } from "../store/system-error.ts";
import { randomId } from "../lib/random.ts";

/** A file of the spool that is complete. */
export interface Spooled {
  readonly path: string;
  /** Of the content, in base64; `undefined` if it is not known. */
  readonly md5?: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * A folder for content that is still on its way to the file store. It is in the data folder, so that a complete file can be
 * moved to its place without a copy.
 */
export class Spool {
  readonly #folder: string;

  /** @param folder created on first use */
  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  /** The path of a new file. The caller makes the file and removes it. */
  async newPath(): Promise<string> {
    await onDisk(mkdir(this.#folder, { recursive: true }));
    return join(this.#folder, randomId());
  }

  /** Removes what an earlier process left. Call it before the first file is made. */
  async clear(): Promise<void> {
    await onDisk(rm(this.#folder, { recursive: true, force: true }));
  }
}

const spooledFiles = new WeakMap<Blob, Spooled>();

/** Notes that a blob's content is a file of the spool. */
export const noteSpooled = (content: Blob, spooled: Spooled): void => void spooledFiles.set(content, spooled);

/** Where a blob's content is, if it is a file of the spool. */
export const spooledOf = (content: Blob): Spooled | undefined => spooledFiles.get(content);
