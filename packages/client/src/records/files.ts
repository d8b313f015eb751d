import type { Api } from "../api.ts";
import { HeadwaterError } from "../errors.ts";

export interface FileOptions {
  /** Of `files.token()`: for files of a protected field. */
  readonly token?: string | undefined;
  /** Whether a browser should save it rather than show it. */
  readonly download?: boolean | undefined;
  /** As in `100x100`, of images. */
  readonly thumb?: string | undefined;
}

interface FileRecord {
  readonly id: string;
  readonly collectionId?: unknown;
  readonly collectionName?: unknown;
}

/** The files of records. They are sent with the record's values, as `File` or `Blob`. */
export class Files {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** The address of a file; `name` is what the record's field holds. */
  url(record: FileRecord, name: string, { token, download, thumb }: FileOptions = {}): string {
    const parts = [String(record.collectionId ?? record.collectionName), record.id, name].map(encodeURIComponent);
    const query = { token, thumb, download: download ? 1 : undefined };
    return this.#api.http.url(`/api/files/${parts.join("/")}`, query);
  }

  /** A token that lives for some minutes, for addresses of protected files. */
  async token(signal?: AbortSignal): Promise<string> {
    const { body } = await this.#api.request("POST", "/api/files/token", { signal });
    const { token } = (body ?? {}) as { token?: unknown };
    if (typeof token !== "string") throw new HeadwaterError("malformed", "the answer has no token");
    return token;
  }
}
