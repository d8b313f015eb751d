import { joinNames, type OneOrMore } from "../schema.ts";

/** What a subscription asks for besides its topic; all of it is part of the event's name. */
export interface TopicOptions {
  /** A filter as of a list; write values with `filter`, never by joining texts. */
  readonly filter?: string | undefined;
  /** Relations to be shown with the record, if who listens may see them. */
  readonly expand?: OneOrMore<string> | undefined;
  /** Fields to be shown; all by default. */
  readonly fields?: OneOrMore<string> | undefined;
  /** Values for `@request.query.*` of the rules. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Values for `@request.headers.*` of the rules. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The query of a topic's options, in one order, so that those who want the same share a subscription. */
export function topicQuery({ filter, expand, fields, query }: TopicOptions): Record<string, string> {
  const own = { filter, expand: joinNames(expand), fields: joinNames(fields) };
  const given = [...Object.entries(query ?? {}), ...Object.entries(own)].filter(
    (entry): entry is [string, string] => !!entry[1],
  );
  return Object.fromEntries(given.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A subscription's name: `posts/*?options={…}`. */
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
