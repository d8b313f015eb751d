import { Connection } from "./connection.ts";

/** Divides text into words as FTS5's tokenizers do, because it is they who do it. */
class Tokenizer {
  readonly #connection = new Connection(":memory:");

  constructor(tokenize: string) {
    this.#connection.exec(`CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='${tokenize}')`);
    this.#connection.exec("CREATE VIRTUAL TABLE words USING fts5vocab(texts, 'instance')");
  }

  words(texts: readonly string[]): readonly (readonly string[])[] {
    const words = texts.map((): string[] => []);
    this.#connection.run({ text: INSERT, values: [JSON.stringify(texts)] });
    try {
      for (const { term, doc, offset } of this.#connection.all({ text: SELECT, values: [] })) {
        words[Number(doc)]![Number(offset)] = String(term);
      }
      return words;
    } finally {
      this.#connection.run({ text: "DELETE FROM texts", values: [] });
    }
  }
}

const INSERT = "INSERT INTO texts (rowid, text) SELECT key, value FROM json_each(?)";
const SELECT = "SELECT term, doc, offset FROM words";

const tokenizers = new Map<string, Tokenizer>();

/**
 * The words of each text, in order.
 *
 * @param tokenize the arguments of FTS5's option; there are only a few different ones
 */
export function wordsOf(tokenize: string, texts: readonly string[]): readonly (readonly string[])[] {
  if (texts.length === 0) return [];
  let tokenizer = tokenizers.get(tokenize);
  if (!tokenizer) tokenizers.set(tokenize, (tokenizer = new Tokenizer(tokenize)));
  return tokenizer.words(texts);
}
