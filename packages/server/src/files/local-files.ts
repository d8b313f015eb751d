import { copyFile, link, mkdir, opendir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AnnouncedFiles } from "./announced-files.ts";
import { onDisk, toStoreError } from "../store/system-error.ts";
import { SIDECAR_SUFFIX, encodeAttrs, parseAttrs } from "./attributes-sidecar.ts";
import type { FileAttributes, FileContent, FileStore, ListedFile, StoredFile } from "./file-store.ts";
import { FileWriter, writeAll } from "./file-writer.ts";
import { keyOfPath, localPath } from "./local-path.ts";
import { type Spooled, spooledOf } from "./spool.ts";

/** Files in a local folder, in PocketBase's layout, so that either server can use it. */
export class LocalFiles implements FileStore {
  readonly #root: string;
  readonly #announced: AnnouncedFiles;

  /**
   * @param root the folder `storage` of a data folder; created on first use
   * @param notes the folder for notes of files that are being stored; created on first use
   */
  constructor(root: string, notes = `${resolve(root)}-notes`) {
    this.#root = resolve(root);
    this.#announced = new AnnouncedFiles(notes);
  }

  announce(keys: readonly string[]): Promise<() => Promise<void>> {
    return onDisk(this.#announced.add(keys));
  }

  announced(): Promise<ReadonlySet<string>> {
    return this.#announced.keys();
  }

  sweep(isNamed: (key: string) => Promise<boolean>): Promise<void> {
    return this.#announced.sweep(async (key) => {
      await this.#removeUnfinished(key);
      if (!(await isNamed(key))) await this.remove(key);
    });
  }

  put(key: string, content: FileContent, attributes: FileAttributes): Promise<void> {
    return this.#replace(key, async (temporary, sidecar) => {
      const linked = await linkSpooled(content, temporary);
      const md5 = linked ? (linked.md5 ?? null) : await writeNew(temporary, content);
      await Bun.write(sidecar, encodeAttrs(attributes, md5));
    });
  }

  async open(key: string): Promise<StoredFile | undefined> {
    const path = localPath(this.#root, key);
    const found = path === undefined ? undefined : await onDisk(stat(path).catch(ifMissing));
    if (path === undefined || !found?.isFile()) return undefined;
    const attrs = await onDisk(
      Bun.file(path + SIDECAR_SUFFIX)
        .text()
        .catch(ifMissing),
    );
    const { size, mtime: modified, mtimeMs } = found;
    const content = (start = 0, end = size): FileContent => Bun.file(path).slice(start, end);
    return {
      path,
      content,
      size,
      modified,
      etag: `${mtimeMs.toString(16)}-${size.toString(16)}`,
      ...parseAttrs(attrs),
    };
  }

  async copy(from: string, to: string, attributes?: FileAttributes, etag?: string): Promise<boolean> {
    const path = localPath(this.#root, from);
    const found = path === undefined ? undefined : await this.open(from);
    if (path === undefined || !found || (etag ?? found.etag) !== found.etag) return false;
    await this.#replace(to, async (temporary, sidecar) => {
      await inFolder(temporary, () => copyFile(path, temporary));
      if (attributes) await Bun.write(sidecar, encodeAttrs(attributes, null));
      else await copyFile(path + SIDECAR_SUFFIX, sidecar).catch(ifMissing);
    });
    return true;
  }

  async *list(prefix: string): AsyncGenerator<ListedFile> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1).replace(/\/$/, "");
    const path = folder === "" ? this.#root : localPath(this.#root, folder);
    if (path !== undefined) yield* this.#listBelow(path, prefix);
  }

  async *#listBelow(folder: string, prefix: string): AsyncGenerator<ListedFile> {
    for await (const entry of (await opendir(folder).catch(ifMissing)) ?? []) {
      const path = join(folder, entry.name);
      const key = keyOfPath(this.#root, path);
      if (entry.isDirectory() && (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`))) {
        yield* this.#listBelow(path, prefix);
      }
      if (!entry.isFile() || !key.startsWith(prefix) || entry.name.endsWith(SIDECAR_SUFFIX)) continue;
      const found = await stat(path).catch(ifMissing);
      if (found) yield { key, size: found.size, modified: found.mtime };
    }
  }

  async remove(key: string): Promise<void> {
    const path = localPath(this.#root, key);
    if (path === undefined) return;
    await rm(path, { force: true });
    await rm(path + SIDECAR_SUFFIX, { force: true });
    await rm(join(dirname(path), `thumbs_${basename(path)}`), { recursive: true, force: true });
    await rmdir(dirname(path)).catch(ifOccupied);
  }

  async removeFolder(folder: string): Promise<void> {
    const path = localPath(this.#root, folder);
    if (path !== undefined) await rm(path, { recursive: true, force: true });
  }

  async #removeUnfinished(key: string): Promise<void> {
    const path = localPath(this.#root, key);
    if (path === undefined) return;
    const names = (await readdir(dirname(path)).catch(ifMissing)) ?? [];
    const unfinished = names.filter((name) => name.startsWith(`${basename(path)}.`) && name.endsWith(UNFINISHED));
    for (const name of unfinished) await rm(join(dirname(path), name), { force: true });
  }

  /** @param write writes the content to a temporary file, and the side-car to its place */
  async #replace(key: string, write: (temporary: string, sidecar: string) => Promise<void>): Promise<void> {
    const path = localPath(this.#root, key);
    if (path === undefined) throw new Error(`not a file key: ${JSON.stringify(key)}`);
    const temporary = `${path}.${process.hrtime.bigint().toString(16)}${UNFINISHED}`;
    try {
      await write(temporary, path + SIDECAR_SUFFIX);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw toStoreError(error);
    }
  }
}

/** The suffix of a file that is being written. */
const UNFINISHED = ".tmp";

async function writeNew(path: string, content: FileContent): Promise<string> {
  return writeAll(await inFolder(path, () => FileWriter.create(path)), content);
}

/** A second name for a file of the spool, which costs nothing. The spool still has it, in case the request starts over. */
async function linkSpooled(content: FileContent, path: string): Promise<Spooled | undefined> {
  const spooled = content instanceof Blob ? spooledOf(content) : undefined;
  if (!spooled) return undefined;
  try {
    await inFolder(path, () => link(spooled.path, path));
    return spooled;
  } catch (error) {
    // Another file system, or one without links.
    ignoring("EXDEV", "EPERM", "ENOTSUP", "EOPNOTSUPP", "EMLINK")(error);
    return undefined;
  }
}

/** Makes the folder first, and again if it is removed as empty before the work has put a file into it. */
async function inFolder<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await mkdir(dirname(path), { recursive: true });
  try {
    return await work();
  } catch (error) {
    ifMissing(error);
    await mkdir(dirname(path), { recursive: true });
    return work();
  }
}

const ifMissing = ignoring("ENOENT", "ENOTDIR");
const ifOccupied = ignoring("ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST");

function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof Error && "code" in error && codes.includes(String(error.code)))) throw error;
  };
}
