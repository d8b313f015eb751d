import pLimit from "p-limit";
import { onDisk } from "../../store/system-error.ts";
import { AnnouncedFiles } from "../announced-files.ts";
import { cutOriginalName, UNKNOWN_TYPE } from "../attributes-sidecar.ts";
import type { FileAttributes, FileContent, FileStore, ListedFile, StoredFile } from "../file-store.ts";
import type { S3Connection } from "./s3-connection.ts";
import { objectStream } from "./s3-download.ts";
import { S3Error } from "./s3-error.ts";
import { encodePath, escapeKey, isObjectKey, unescapeKey } from "./s3-keys.ts";
import { abortUpload, throwIfError, uploadObject } from "./s3-upload.ts";
import { elementsOf, parseXml, textOf } from "./s3-xml.ts";

/** Objects that are deleted at once. */
const PARALLEL_DELETES = 8;
/** How much longer than other answers that to a copy may take: its time grows with the file. */
const COPY_PATIENCE = 10;
const ORIGINAL_NAME = "x-amz-meta-original-filename";

/** Files in an S3 bucket, with PocketBase's keys and metadata, so that either server can use it. */
export class S3Files implements FileStore {
  readonly #announced: AnnouncedFiles;

  /**
   * @param notes the local folder for notes of files that are being stored; created on first use
   * @param pageSize how many objects are listed at a time
   */
  constructor(
    readonly s3: S3Connection,
    notes: string,
    private readonly pageSize = 1_000,
  ) {
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
      await this.#abortUploads(key);
      if (!(await isNamed(key))) await this.remove(key);
    });
  }

  put(key: string, content: FileContent, attributes: FileAttributes): Promise<void> {
    assertKey(key);
    return uploadObject(this.s3, key, content, headersOf(attributes));
  }

  async open(key: string): Promise<StoredFile | undefined> {
    if (!isObjectKey(key)) return undefined;
    const found = await this.s3.send({ method: "HEAD", key }).catch(ifMissing);
    if (!found) return undefined;
    const { headers } = found;
    const size = Number(headers.get("content-length") ?? 0);
    const etag = headers.get("etag") ?? "";
    const originalName = decodeName(headers.get(ORIGINAL_NAME));
    return {
      size,
      modified: new Date(headers.get("last-modified") ?? 0),
      etag: etag.replace(/^(?:W\/)?"|"$/g, ""),
      contentType: headers.get("content-type") ?? UNKNOWN_TYPE,
      ...(originalName !== undefined && { originalName }),
      content: (start = 0, end = size) =>
        start >= end ? new Blob([]) : objectStream(this.s3, key, etag, { start, end }),
    };
  }

  async copy(from: string, to: string, attributes?: FileAttributes, etag?: string): Promise<boolean> {
    assertKey(to);
    if (!isObjectKey(from)) return false;
    const headers = {
      "x-amz-copy-source": encodePath(`/${this.s3.options.bucket}/${escapeKey(from)}`),
      ...(attributes && { ...headersOf(attributes), "x-amz-metadata-directive": "REPLACE" }),
      ...(etag !== undefined && { "x-amz-copy-source-if-match": `"${etag}"` }),
    };
    const limitMs = this.s3.limitMs * COPY_PATIENCE;
    const response = await this.s3.send({ method: "PUT", key: to, headers, limitMs }).catch(ifMissingOrChanged);
    if (!response) return false;
    throwIfError(await this.s3.within(response.text(), limitMs));
    return true;
  }

  async *list(prefix: string): AsyncGenerator<ListedFile> {
    let token: string | undefined = "";
    while (token !== undefined) {
      const page = await this.#page(prefix, token);
      for (const file of elementsOf(page, "Contents")) {
        const modified = new Date(textOf(file, "LastModified"));
        yield { key: unescapeKey(textOf(file, "Key")), size: Number(textOf(file, "Size")), modified };
      }
      token = textOf(page, "NextContinuationToken") || undefined;
    }
  }

  async remove(key: string): Promise<void> {
    if (!isObjectKey(key)) return;
    await this.#delete(key);
    const at = key.lastIndexOf("/") + 1;
    await this.removeFolder(`${key.slice(0, at)}thumbs_${key.slice(at)}`);
  }

  async removeFolder(folder: string): Promise<void> {
    if (!isObjectKey(folder)) return;
    const limit = pLimit(PARALLEL_DELETES);
    for (;;) {
      const page = await this.#page(`${folder}/`);
      const keys = elementsOf(page, "Contents").map((file) => unescapeKey(textOf(file, "Key")));
      await Promise.all(keys.map((key) => limit(() => this.#delete(key))));
      if (keys.length === 0 || textOf(page, "IsTruncated") !== "true") return;
    }
  }

  async #delete(key: string): Promise<void> {
    await this.s3.text({ method: "DELETE", key }).catch(ifMissing);
  }

  async #page(prefix: string, token = ""): Promise<Bun.XML.Element> {
    const query = {
      "list-type": "2",
      "max-keys": String(this.pageSize),
      prefix: escapeKey(prefix),
      ...(token !== "" && { "continuation-token": token }),
    };
    const page = parseXml(await this.s3.text({ method: "GET", query }), "ListBucketResult");
    if (!page) throw new S3Error(502, "InvalidAnswer", "The S3 store sent no list.");
    return page;
  }

  /** Removes the parts of uploads that a killed process began. Servers without lists of them have nothing to remove. */
  async #abortUploads(key: string): Promise<void> {
    const text = await this.s3
      .text({ method: "GET", query: { uploads: "", prefix: escapeKey(key) } })
      .catch((error: unknown) => {
        if (error instanceof S3Error && error.status >= 400) return "";
        throw error;
      });
    for (const upload of elementsOf(parseXml(text, "ListMultipartUploadsResult"), "Upload")) {
      if (unescapeKey(textOf(upload, "Key")) !== key) continue;
      await abortUpload(this.s3, key, textOf(upload, "UploadId")).catch(ifMissing);
    }
  }
}

function assertKey(key: string): void {
  if (!isObjectKey(key)) throw new Error(`not a file key: ${JSON.stringify(key)}`);
}

function ifMissing(error: unknown): undefined {
  // A bucket that is missing is a fault of the settings, not a file that is not there.
  if (!(error instanceof S3Error) || !error.isMissing || error.code === "NoSuchBucket") throw error;
}

function ifMissingOrChanged(error: unknown): undefined {
  if (error instanceof S3Error && error.status === 412) return undefined;
  return ifMissing(error);
}

function headersOf({ contentType, originalName }: FileAttributes): Record<string, string> {
  const name = originalName === undefined ? "" : encodeURIComponent(cutOriginalName(originalName));
  return { "Content-Type": contentType, ...(name !== "" && { [ORIGINAL_NAME]: name }) };
}

function decodeName(encoded: string | null): string | undefined {
  if (encoded === null) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}
