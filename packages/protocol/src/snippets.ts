/** The key of a record's snippets in the answer to a search. No field has such a name. */
export const SNIPPETS_KEY = "@snippets";

/**
 * By field: the part of its text where the search found something. It is HTML: the text is escaped, and each match is in
 * `<mark>`.
 */
export type Snippets = Readonly<Record<string, string>>;
