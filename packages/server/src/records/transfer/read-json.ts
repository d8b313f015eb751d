import { isObject } from "../../lib/json/json-object.ts";
import { type ReadRow, UnreadableFile } from "./read-row.ts";

/** A JSON object on each line. Empty lines are left out. */
export async function* readJsonLines(texts: AsyncIterable<string>, maxLength: number): AsyncGenerator<ReadRow> {
  let rest = "";
  let line = 0;
  for await (const text of texts) {
    rest += text;
    let start = 0;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", start)) {
      line += 1;
      const row = readObject(line, rest.slice(start, end));
      if (row) yield row;
      start = end + 1;
    }
    rest = rest.slice(start);
    if (rest.length > maxLength) throw tooLong(line + 1, maxLength);
  }
  const last = readObject(line + 1, rest);
  if (last) yield last;
}

function readObject(line: number, text: string): ReadRow | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  try {
    const value: unknown = JSON.parse(trimmed);
    if (isObject(value)) return { line, values: value };
  } catch {
    // Said below.
  }
  return { line, problem: "It is not a JSON object." };
}

const tooLong = (line: number, max: number): UnreadableFile =>
  new UnreadableFile(line, `It has more than ${max} characters, which no record can have.`);

/** The objects of one JSON list. */
export async function* readJsonList(texts: AsyncIterable<string>, maxLength: number): AsyncGenerator<ReadRow> {
  const list = new ListScanner(maxLength);
  for await (const text of texts) yield* list.read(text);
  list.end();
}

/** Cuts a JSON list into its items as its text arrives. */
class ListScanner {
  readonly #maxLength: number;
  #state: "before" | "item" | "between" | "after" = "before";
  #text = "";
  #line = 1;
  /** Where the current item began. */
  #itemLine = 1;
  #depth = 0;
  #isInText = false;
  #isEscaped = false;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  *read(text: string): Generator<ReadRow> {
    let from = 0;
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at]!;
      if (character === "\n") this.#line += 1;
      if (this.#state === "item") {
        if (this.#isItemOver(character)) {
          yield this.#item(this.#text + text.slice(from, at));
          this.#state = character === "]" ? "after" : "between";
        }
      } else if (!/\s/.test(character)) {
        from = at;
        this.#begin(character);
      }
    }
    if (this.#state === "item") this.#text += text.slice(from);
    if (this.#text.length > this.#maxLength) throw tooLong(this.#itemLine, this.#maxLength);
  }

  end(): void {
    if (this.#state !== "after") throw new UnreadableFile(this.#line, "The list is not closed.");
  }

  /** A character outside of items that is not blank. */
  #begin(character: string): void {
    if (this.#state === "before" && character === "[") {
      this.#state = "between";
    } else if (this.#state === "between" && character === "]") {
      this.#state = "after";
    } else if (this.#state === "between") {
      this.#state = "item";
      this.#itemLine = this.#line;
      this.#text = "";
      this.#isItemOver(character);
    } else {
      throw new UnreadableFile(this.#line, this.#state === "after" ? "The list is over." : "It is not a JSON list.");
    }
  }

  #isItemOver(character: string): boolean {
    if (this.#isInText) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (character === "\\") this.#isEscaped = true;
      else if (character === '"') this.#isInText = false;
      return false;
    }
    if (character === '"') this.#isInText = true;
    else if (character === "{" || character === "[") this.#depth += 1;
    else if (this.#depth > 0 && (character === "}" || character === "]")) this.#depth -= 1;
    else if (this.#depth === 0) return character === "," || character === "]";
    return false;
  }

  #item(text: string): ReadRow {
    this.#text = "";
    return readObject(this.#itemLine, text) ?? { line: this.#itemLine, problem: "It is not a JSON object." };
  }
}
