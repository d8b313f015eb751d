/** The option `search` of a collection. */
export interface SearchIndex {
  /** Names of fields. */
  readonly fields: readonly string[];
  /** How text is divided into words: one of `TOKENIZERS`. */
  readonly tokenizer: string;
  /** By field: how much a match in it counts for the rank. 1 unless given. */
  readonly weights: Readonly<Record<string, number>>;
}
