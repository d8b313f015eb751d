import { mkdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ATTRS, encodeAttrs, parseAttrs } from "./attributes-sidecar.ts";
import type { FileAttributes, FileStore, StoredFile } from "./file-store.ts";
import { localPath } from "./local-path.ts";

/** Files below one folder of this machine, laid out so that PocketBase reads them and the other way round. */
export class LocalFiles implements FileStore {
  readonly #root: string;

  /** @param root the folder `storage` of a data directory; made on first use */
  constructor(root: string) {
    this.#root = resolve(root);
  }

  async put(key: string, content: Blob, attributes: FileAttributes): Promise<void> {
    const path = localPath(this.#root, key);
    if (path === undefined) throw new Error(`not a file key: ${JSON.stringify(key)}`);
    const temporary = `${path}.${process.hrtime.bigint().toString(16)}.tmp`;
    try {
      const md5 = await writeInFolder(temporary, content);
      await Bun.write(path + ATTRS, encodeAttrs(attributes, md5));
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async open(key: string): Promise<StoredFile | undefined> {
    const path = localPath(this.#root, key);
    const found = path === undefined ? undefined : await stat(path).catch(ifMissing);
    if (path === undefined || !found?.isFile()) return undefined;
    const attrs = await Bun.file(path + ATTRS)
      .text()
      .catch(ifMissing);
    return { content: Bun.file(path), size: found.size, modified: found.mtime, ...parseAttrs(attrs) };
  }

  async remove(key: string): Promise<void> {
    const path = localPath(this.#root, key);
    if (path === undefined) return;
    await rm(path, { force: true });
    await rm(path + ATTRS, { force: true });
    await rm(join(dirname(path), `thumbs_${basename(path)}`), { recursive: true, force: true });
    await rmdir(dirname(path)).catch(ifOccupied);
  }

  async removeFolder(folder: string): Promise<void> {
    const path = localPath(this.#root, folder);
    if (path !== undefined) await rm(path, { recursive: true, force: true });
  }
}

/** The folder may be removed, as empty, between its making and the first file in it: then once more. */
async function writeInFolder(path: string, content: Blob): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const md5 = await writeHashed(path, content).catch(ifMissing);
  if (md5 !== undefined) return md5;
  await mkdir(dirname(path), { recursive: true });
  return writeHashed(path, content);
}

/** @returns the content's MD5 in base64, taken on the way: the side-car wants it, and the content is read once */
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
