import type { Rule } from "./rules.ts";

/** What a client subscribes to, and what that means. */
export interface Topic {
  /** The text, which is also the event's name. */
  readonly name: string;
  readonly collection: string;
  /** The id, where it is one record. */
  readonly record?: string;
  readonly filter?: Rule;
}

export const all = (collection: string): Topic => ({ name: `${collection}/*`, collection });

export const one = (collection: string, record: string): Topic => ({
  name: `${collection}/${record}`,
  collection,
  record,
});

export const filtered = (collection: string, filter: Rule): Topic => ({
  name: withOptions(`${collection}/*`, { query: { filter: filter.text } }),
  collection,
  filter,
});

export const withOptions = (topic: string, options: unknown): string =>
  `${topic}?options=${encodeURIComponent(JSON.stringify(options))}`;
