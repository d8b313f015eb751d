import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What PocketBase 0.40.6 answered to a change of collections on a fresh folder. */
export interface RecordedCollection {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly collection: string;
  readonly body: unknown;
  /** The words about rules are the test's own. */
  readonly answer: unknown;
}

/** What it answered to a record with that input. */
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
