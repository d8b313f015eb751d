import { mkdir, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { AnnouncedFiles } from "./announced-files.ts";
import { onDisk, toStoreError } from "../store/system-error.ts";
import { SIDECAR_SUFFIX, encodeAttrs, parseAttrs } from "./attributes-sidecar.ts";
import type { FileAttributes, FileStore, StoredFile } from "./file-store.ts";
import { localPath } from "./local-path.ts";

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

  async sweep(isNamed: (key: string) => Promise<boolean>): Promise<void> {
    for (const { keys, settle } of await this.#announced.all()) {
      for (const key of keys) {
        await this.#removeUnfinished(key);
        if (!(await isNamed(key))) await this.remove(key);
      }
      await settle();
    }
  }

  async put(key: string, content: Blob, attributes: FileAttributes): Promise<void> {
    const path = localPath(this.#root, key);
    if (path === undefined) throw new Error(`not a file key: ${JSON.stringify(key)}`);
    const temporary = `${path}.${process.hrtime.bigint().toString(16)}${UNFINISHED}`;
    try {
      const md5 = await writeInFolder(temporary, content);
      await Bun.write(path + SIDECAR_SUFFIX, encodeAttrs(attributes, md5));
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw toStoreError(error);
    }
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
    return { content: Bun.file(path), size: found.size, modified: found.mtime, ...parseAttrs(attrs) };
  }

  async remove(key: string): Promise<void> {
    const path = localPath(this.#root, key);
    if (path === undefined) return;
    await rm(path, { force: true });
    await rm(path + SIDECAR_SUFFIX, { force: true });
    await rm(join(dirname(path), `thumbs_${basename(path)}`), { recursive: true, force: true });
    await rmdir(dirname(path)).catch(ifOccupied);
  }

  async #removeUnfinished(key: string): Promise<void> {
    const path = localPath(this.#root, key);
    if (path === undefined) return;
    const names = (await readdir(dirname(path)).catch(ifMissing)) ?? [];
    const unfinished = names.filter((name) => name.startsWith(`${basename(path)}.`) && name.endsWith(UNFINISHED));
    for (const name of unfinished) await rm(join(dirname(path), name), { force: true });
  }

  async removeFolder(folder: string): Promise<void> {
    const path = localPath(this.#root, folder);
    if (path !== undefined) await rm(path, { recursive: true, force: true });
  }
}

/** The suffix of a file that is being written. */
const UNFINISHED = ".tmp";

/** Retries once if the folder is removed as empty between its creation and the first file in it. */
async function writeInFolder(path: string, content: Blob): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const md5 = await writeHashed(path, content).catch(ifMissing);
  if (md5 !== undefined) return md5;
  await mkdir(dirname(path), { recursive: true });
  return writeHashed(path, content);
}

/** @returns the content's MD5 in base64 for the side-car, computed while writing so that the content is read once */
async function writeHashed(path: string, content: Blob): Promise<string> {
  const hash = new Bun.CryptoHasher("md5");
  const sink = Bun.file(path).writer();
  for await (const chunk of content.stream()) {
    hash.update(chunk);
    await sink.write(chunk);
  }
  await sink.end();
  return hash.digest("base64");
}

const ifMissing = ignoring("ENOENT", "ENOTDIR");
const ifOccupied = ignoring("ENOENT", "ENOTDIR", "ENOTEMPTY", "EEXIST");

function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof Error && "code" in error && codes.includes(String(error.code)))) throw error;
  };
}
