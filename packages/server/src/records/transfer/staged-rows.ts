import { type FileHandle, open, rm } from "node:fs/promises";
import { closeSync, openSync, readSync } from "node:fs";
import { recordId } from "@headwater/protocol";
import { onDisk } from "../../store/system-error.ts";
import type { PreparedRow, WritableRow } from "./prepared-row.ts";

/** Bytes that are written or read at a time. */
const PART = 64 << 10;
const NO_FILES = { discard: async () => {}, keep: async () => {} };

/** Prepared rows on disk: one transaction must take them all, and can't wait for the network. */
export class StagedRows {
  readonly #path: string;
  readonly #file: FileHandle;
  #text = "";

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** @param path of a new file */
  static async create(path: string): Promise<StagedRows> {
    return new StagedRows(path, await onDisk(open(path, "wx", 0o600)));
  }

  async add(row: WritableRow): Promise<void> {
    const { line, dates, submission } = row;
    const { id, body, hashes } = submission;
    this.#text += `${JSON.stringify({ line, dates, id, body, hashes: [...hashes] })}\n`;
    if (this.#text.length > PART) await this.#flush();
  }

  /** All rows, read as they are taken: without a pause, as a transaction needs them. */
  async read(): Promise<Iterable<PreparedRow>> {
    await this.#flush();
    return { [Symbol.iterator]: () => rowsOf(this.#path) };
  }

  async remove(): Promise<void> {
    await this.#file.close();
    await rm(this.#path, { force: true });
  }

  async #flush(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    if (text !== "") await onDisk(this.#file.write(text));
  }
}

interface StagedRow {
  readonly line: number;
  readonly dates: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly hashes: readonly (readonly [string, string])[];
}

function* rowsOf(path: string): Generator<PreparedRow> {
  const file = openSync(path, "r");
  try {
    const part = new Uint8Array(PART);
    const decoder = new TextDecoder();
    let rest = "";
    for (let length = readSync(file, part); length > 0; length = readSync(file, part)) {
      const lines = (rest + decoder.decode(part.subarray(0, length), { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) yield toRow(JSON.parse(line) as StagedRow);
    }
  } finally {
    closeSync(file);
  }
}

const toRow = ({ line, dates, id, body, hashes }: StagedRow): PreparedRow => ({
  line,
  dates,
  submission: {
    id: id === undefined ? undefined : recordId(id),
    body,
    hashes: new Map(hashes),
    uploads: new Map(),
    matchedHash: undefined,
    ...NO_FILES,
  },
});
