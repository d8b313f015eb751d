import type { Change } from "../log/change.ts";
import type { Collection, Rule } from "../collections/model/collection.ts";
import type { Schema } from "../collections/model/schema.ts";

/** What a subscription's topic means: the records of a collection, or one of them, and the rule that guards it. */
export interface RecordTopic {
  readonly collection: Collection;
  readonly rule: Rule;
  /** The id, where the topic is one record. */
  readonly record: string | undefined;
}

/**
 * Reads `posts/*`, `posts/ID` and the old form `posts`, with the collection's exact name or id. `undefined` for any
 * other topic: nothing is known of it, and no record's change appears there.
 *
 * @param of the collection of the record at hand, which is what `*` means there
 */
export function readRecordTopic(schema: Schema, topic: string, of?: string): RecordTopic | undefined {
  if (topic === ALL_RECORDS) {
    const all = of === undefined ? undefined : schema.find(of);
    return all && { collection: all, rule: null, record: undefined };
  }
  const slash = topic.indexOf("/");
  const name = slash < 0 ? topic : topic.slice(0, slash);
  const collection = schema.find(name);
  // Topics match to the letter, where paths match in any case.
  if (!collection || (collection.name !== name && collection.id !== name)) return undefined;
  const record = slash < 0 ? "*" : topic.slice(slash + 1);
  return record === "*"
    ? { collection, rule: collection.listRule, record: undefined }
    : { collection, rule: collection.viewRule, record };
}

/** The topic of all records of all collections: for superusers alone. */
export const ALL_RECORDS = "*";

/** Every topic on which a record's change appears. */
export const topicsOfRecord = ({ id, name }: Collection, { record }: Change): readonly string[] => [
  ...[name, id].flatMap((collection) => [`${collection}/*`, `${collection}/${record}`, collection]),
  ALL_RECORDS,
];
