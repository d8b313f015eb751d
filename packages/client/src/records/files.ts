import type { Api } from "../api.ts";
import { HeadwaterError } from "../errors.ts";

export interface FileOptions {
  /** A token from `files.token()`, for files of protected fields. */
  readonly token?: string | undefined;
  /** Whether a browser should save the file rather than show it. */
  readonly download?: boolean | undefined;
  /** Size of a thumbnail, for images: `100x100`. */
  readonly thumb?: string | undefined;
}

interface FileRecord {
  readonly id: string;
  readonly collectionId?: unknown;
  readonly collectionName?: unknown;
}

/** URLs of the records' files. To upload files, use `File` or `Blob` values in a record. */
export class Files {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The URL of a file. `name` is the value of the record's field. */
  url(record: FileRecord, name: string, { token, download, thumb }: FileOptions = {}): string {
    const parts = [String(record.collectionId ?? record.collectionName), record.id, name].map(encodeURIComponent);
    const query = { token, thumb, download: download ? 1 : undefined };
    return this.#api.http.url(`/api/files/${parts.join("/")}`, query);
  }

  /** Gets a short-lived token for the URLs of protected files. */
  async token(signal?: AbortSignal): Promise<string> {
    const { body } = await this.#api.request("POST", "/api/files/token", { signal });
    const { token } = (body ?? {}) as { token?: unknown };
    if (typeof token !== "string") throw new HeadwaterError("malformed", "the response has no token");
    return token;
  }
}
