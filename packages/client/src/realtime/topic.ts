import { joinNames, type OneOrMore } from "../schema.ts";

/** Options of a subscription. All of them are part of its name. */
export interface TopicOptions {
  /** A filter, as for lists. Insert values with `filter`, never by string concatenation. */
  readonly filter?: string | undefined;
  /** Words to look for, as for lists. Headwater servers only. */
  readonly search?: string | undefined;
  /** Relations to expand, if the user may see them. */
  readonly expand?: OneOrMore<string> | undefined;
  /** Fields to include. Default: all. */
  readonly fields?: OneOrMore<string> | undefined;
  /** Values for `@request.query.*` of the rules. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Values for `@request.headers.*` of the rules. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Builds the `query` of the options. Sorted, so that equal options give equal names and share a subscription. */
export function topicQuery({ filter, search, expand, fields, query }: TopicOptions): Record<string, string> {
  const builtIn = { filter, search, expand: joinNames(expand), fields: joinNames(fields) };
  const given = [...Object.entries(query ?? {}), ...Object.entries(builtIn)].filter(
    (entry): entry is [string, string] => !!entry[1],
  );
  return Object.fromEntries(given.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The name of a subscription: `posts/*?options={…}`. */
export function subscriptionName(
  topic: string,
  query: Readonly<Record<string, string>>,
  headers: TopicOptions["headers"],
): string {
  const options = {
    ...(Object.keys(query).length > 0 && { query }),
    ...(headers && Object.keys(headers).length > 0 && { headers }),
  };
  if (Object.keys(options).length === 0) return topic;
  return `${topic}?options=${encodeURIComponent(JSON.stringify(options))}`;
}
