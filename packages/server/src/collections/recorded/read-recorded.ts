import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The response of PocketBase 0.40.6 to a change of collections on a new data folder. */
export interface RecordedCollection {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly collection: string;
  readonly body: unknown;
  /** Messages about rules come from the test's own checker. */
  readonly answer: unknown;
}

/** The response of PocketBase 0.40.6 to a record with this input. */
export interface RecordedValue {
  readonly type: string;
  readonly options: object;
  readonly input: unknown;
  /** The value or the problem. */
  readonly answer: object;
}

export const recordedCollections = (): readonly RecordedCollection[] => readLines("bad-collections");
export const recordedValues = (): readonly RecordedValue[] => readLines("field-values");

const readLines = (name: string) =>
  readFileSync(join(import.meta.dir, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
