import type { Rule } from "./rules.ts";

/** A subscription topic, with its parts. */
export interface Topic {
  /** The topic as subscribed, which is also the event name. */
  readonly name: string;
  readonly collection: string;
  /** The record's id, if the topic is one record. */
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
