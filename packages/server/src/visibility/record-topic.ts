import type { Change } from "../log/change.ts";
import type { Collection } from "../collections/model/collection.ts";
import type { Rule } from "../collections/model/rule.ts";
import type { Schema } from "../collections/model/schema.ts";

/** What a topic of records means: the records of a collection or one of them, and the rule that decides who sees them. */
export interface RecordTopic {
  readonly collection: Collection;
  readonly rule: Rule;
  /** The id, if the topic is one record. */
  readonly record: string | undefined;
}

/**
 * Reads `posts/*`, `posts/ID` and the old form `posts`, with the collection's exact name or id. `undefined` for any other
 * topic: no change of a record appears on it.
 *
 * @param changed the id of the changed record's collection, which is what `*` stands for
 */
export function readRecordTopic(schema: Schema, topic: string, changed?: string): RecordTopic | undefined {
  if (topic === ALL_RECORDS) {
    const all = changed === undefined ? undefined : schema.find(changed);
    return all && { collection: all, rule: null, record: undefined };
  }
  const slash = topic.indexOf("/");
  const name = slash < 0 ? topic : topic.slice(0, slash);
  const collection = schema.find(name);
  // Topics are case-sensitive, while `find`, like paths, is not.
  if (!collection || (collection.name !== name && collection.id !== name)) return undefined;
  const record = slash < 0 ? "*" : topic.slice(slash + 1);
  return record === "*"
    ? { collection, rule: collection.listRule, record: undefined }
    : { collection, rule: collection.viewRule, record };
}

/** The topic of all records of all collections: for superusers only. */
export const ALL_RECORDS = "*";

/** Every topic on which a record's change appears. */
export const topicsOfRecord = ({ id, name }: Collection, { record }: Change): readonly string[] => [
  ...[name, id].flatMap((collection) => [`${collection}/*`, `${collection}/${record}`, collection]),
  ALL_RECORDS,
];
