import type { RecordValues, OutgoingEvent } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import { isUnreadableRule } from "../records/query/unreadable-rule.ts";
import { type Sql, sql } from "../store/sql.ts";
import type { SnapshotReader } from "../store/store.ts";
import { readRow } from "../records/model/columns.ts";
import type { EventData, Seen } from "./event-data.ts";
import { anyOf } from "../records/query/find-record.ts";
import type { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import { type Listener, listenerKey } from "./listener.ts";
import { dependenciesOfListener, type ListenerDependency } from "./listener-dependencies.ts";
import { type AsOf, overridesAsOf } from "../records/rule-check/as-of.ts";
import { type AffectedRecords, affectedFor, findAffectedRecords, isAffectedBy } from "./affected-records.ts";
import { isVisible } from "./is-visible.ts";
import { withOverrides } from "../records/rule-check/row-override.ts";
import { visibleIds } from "./visible-ids.ts";

/** What is told, or `unknown` when there may be too much to find: then everything must be read anew. */
export type VisibilityChanges = readonly OutgoingEvent[] | "unknown";

/** Records that are told one by one when a change moves them. */
const MAX_MOVES = 500;
/** Listeners for whom a whole collection is searched because of one change of a related record. */
const MAX_SEARCHES = 32;
/** Records times listeners that are judged because of one change of a related record. */
const MAX_JUDGED = 20_000;

export interface MovesOptions {
  readonly reader: SnapshotReader;
  readonly judge: RuleBatcher;
  readonly data: EventData;
}

/** What is the same for all listeners of one change. */
interface AtHand {
  readonly change: Change;
  readonly before: AsOf;
  readonly after: AsOf;
  /** By collection and path. */
  readonly reached: Map<string, Promise<AffectedRecords>>;
  /** By collection and ids. */
  readonly records: Map<string, Promise<readonly RecordValues[]>>;
  searches: number;
  judged: number;
}

/**
 * Finds what a change moves into and out of a listener's sight besides its own record: because the change made
 * another of the listener, or changed a rule, or a record that the rule reads on its way. Before and after are both at
 * the change's own place in the log: what has been written since is told by its own change.
 */
export class VisibilityDiff {
  readonly #options: MovesOptions;
  #atHand: AtHand | undefined;

  constructor(options: MovesOptions) {
    this.#options = options;
  }

  /** @param was the listener before the change; `undefined` if the change is not of the listener itself */
  async find(change: Change, now: Listener, was: Listener | undefined): Promise<VisibilityChanges> {
    try {
      const atHand = this.#begin(change, now);
      const moved = was ? await this.#ofListener(atHand, was, now) : await this.#ofDependencies(atHand, now);
      if (moved === "unknown" || moved.length > MAX_MOVES) return "unknown";
      return await Promise.all(moved.map((seen) => this.#options.data.of(now, change, seen)));
    } catch (error) {
      // A rule of before that no longer fits the tables: nobody can say what it showed.
      if (isUnreadableRule(error)) return "unknown";
      throw error;
    }
  }

  #begin(change: Change, { context: { schema } }: Listener): AtHand {
    if (this.#atHand?.change === change) return this.#atHand;
    const { seq, record, before, after } = change;
    const collection = schema.find(change.collection);
    const momentOf = (values: RecordValues | null): AsOf =>
      collection ? { seq, standIn: { collection, id: record, values } } : { seq };
    const moments = { before: momentOf(before), after: momentOf(after) };
    return (this.#atHand = { change, ...moments, reached: new Map(), records: new Map(), searches: 0, judged: 0 });
  }

  /** The change made the listener another. */
  async #ofListener(atHand: AtHand, was: Listener, now: Listener): Promise<readonly Seen[] | "unknown"> {
    const isSame = was.rule === now.rule && listenerKey(was) === listenerKey(now);
    const readsIt = dependenciesOfListener(now).some((dependency) => isAffectedBy(dependency, atHand.change));
    return isSame && !readsIt ? [] : this.#search(atHand, was, now);
  }

  /** The change is of a record that the rule reads. */
  async #ofDependencies(atHand: AtHand, listener: Listener): Promise<readonly Seen[] | "unknown"> {
    const ids = new Set<string>();
    for (const dependency of dependenciesOfListener(listener)) {
      if (!isAffectedBy(dependency, atHand.change)) continue;
      const found = await this.#findAffected(atHand, listener, dependency);
      const affected = affectedFor(found, dependency, atHand.change, listener.context);
      if (affected === "any") {
        atHand.searches += 1;
        return atHand.searches > MAX_SEARCHES ? "unknown" : this.#search(atHand, listener, listener);
      }
      for (const id of affected) ids.add(id);
    }
    if (ids.size === 0) return [];
    if (ids.size > MAX_MOVES || (atHand.judged += ids.size) > MAX_JUDGED) return "unknown";
    return this.#compare(atHand, await this.#records(atHand, listener, [...ids].sort()), listener);
  }

  #findAffected(
    atHand: AtHand,
    { topic, context }: Listener,
    dependency: ListenerDependency,
  ): Promise<AffectedRecords> {
    const { collection } = topic;
    return entry(atHand.reached, [collection.id, ...dependency.steps.map(({ key }) => key)], () =>
      this.#options.reader.read(async (reader) => {
        const standIns = await overridesAsOf(reader, context.schema, atHand.after);
        if (!standIns) return { kind: "all" };
        return findAffectedRecords(reader, collection, dependency, atHand.change, standIns);
      }),
    );
  }

  /** The records of these ids as they were at the change. */
  #records(atHand: AtHand, { topic, context }: Listener, ids: readonly string[]): Promise<readonly RecordValues[]> {
    const { collection } = topic;
    return entry(atHand.records, [collection.id, ...ids], () =>
      this.#options.reader.read(async (reader) => {
        const tables = withOverrides((await overridesAsOf(reader, context.schema, atHand.after)) ?? []);
        const rows = await reader.all(
          sql`${tables} SELECT * FROM ${sql.table(collection.name)} WHERE id IN ${anyOf(ids)}`,
        );
        return rows.map((row) => readRow(collection, row));
      }),
    );
  }

  /** Goes through the whole collection. */
  async #search(atHand: AtHand, was: Listener, now: Listener): Promise<readonly Seen[] | "unknown"> {
    const { change } = atHand;
    const { context, transitions, topic } = now;
    const { collection } = topic;
    const found = await this.#options.reader.read(async (reader) => {
      const [before, after] = await Promise.all([
        overridesAsOf(reader, context.schema, atHand.before),
        overridesAsOf(reader, context.schema, atHand.after),
      ]);
      if (!before || !after) return "unknown";
      const [seenBefore, seenAfter] = [visibleIds(was, before), visibleIds(now, after)];
      const rowsOf = (inside: Sql, outside: Sql): Promise<readonly RecordValues[]> =>
        reader
          .all(
            sql`${withOverrides(after)} SELECT * FROM ${sql.table(collection.name)} WHERE id IN ${inside} AND id NOT IN ${outside}
              LIMIT ${MAX_MOVES + 2}`,
          )
          .then((rows) => rows.map((row) => readRow(collection, row)));
      return { left: await rowsOf(seenBefore, seenAfter), entered: await rowsOf(seenAfter, seenBefore) };
    });
    if (found === "unknown") return found;
    const isOther = ({ id }: RecordValues): boolean => !isOwn(change, collection.id, id);
    return [
      ...found.left.filter(isOther).map(({ id }): Seen => ({ action: transitions!.leave, gone: id })),
      ...found.entered.filter(isOther).map((image): Seen => ({ action: transitions!.enter, image })),
    ];
  }

  /** Judges each record before and after the change. */
  async #compare(atHand: AtHand, images: readonly RecordValues[], listener: Listener): Promise<readonly Seen[]> {
    const { topic, transitions } = listener;
    const { judge } = this.#options;
    const others = images.filter(
      ({ id }) => !isOwn(atHand.change, topic.collection.id, id) && (topic.record ?? id) === id,
    );
    const seen = await Promise.all(
      others.map(async (image): Promise<Seen | undefined> => {
        const [was, is] = await Promise.all([
          isVisible(judge, listener, image, atHand.before),
          isVisible(judge, listener, image, atHand.after),
        ]);
        if (was === is) return undefined;
        return is ? { action: transitions!.enter, image } : { action: transitions!.leave, gone: image.id };
      }),
    );
    return seen.filter((move) => move !== undefined);
  }
}

const isOwn = (change: Change, collection: string, id: string): boolean =>
  change.collection === collection && change.record === id;

function entry<Value>(map: Map<string, Value>, parts: readonly string[], make: () => Value): Value {
  const key = parts.join("\n");
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
