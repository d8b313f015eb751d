import type { RecordValues, OutgoingEvent } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import { isUnreadableRule } from "../records/query/unreadable-rule.ts";
import { type Sql, sql } from "../store/sql.ts";
import type { Reader, SnapshotReader } from "../store/store.ts";
import type { ClientQueries } from "../records/rule-check/client-queries.ts";
import { principalKey } from "../rules/principal.ts";
import { searchDefinition } from "../collections/model/search-index.ts";
import { readRow } from "../records/model/columns.ts";
import { matchesSearch } from "../records/search/matches-search.ts";
import type { EventEncoder, EventPayload } from "./event-encoder.ts";
import { anyOf } from "../records/query/find-record.ts";
import type { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import { type Listener, listenerKey } from "./listener.ts";
import { dependenciesOfListener, type ListenerDependency } from "./listener-dependencies.ts";
import { type AsOf, overridesAsOf } from "../records/rule-check/as-of.ts";
import { type AffectedRecords, affectedFor, findAffectedRecords, isAffectedBy } from "./affected-records.ts";
import { isVisible } from "./is-visible.ts";
import { withOverrides } from "../records/rule-check/row-override.ts";
import { visibleIdsQuery } from "./visible-ids-query.ts";

/** The events for a listener, or `unknown` if there may be too many: then the client has to read everything again. */
export type VisibilityChanges = readonly OutgoingEvent[] | "unknown";

/** The most records that one change shows and hides with an event each. */
const MAX_VISIBILITY_CHANGES = 500;
/** The most listeners for whom one change of a related record searches a whole collection. */
const MAX_SEARCHES = 32;
/** The most evaluations, records times listeners, that one change of a related record causes. */
const MAX_EVALUATIONS = 20_000;

export interface VisibilityDiffOptions {
  readonly reader: SnapshotReader;
  /** Runs what a client's filter is part of. */
  readonly clientQueries: ClientQueries;
  readonly batcher: RuleBatcher;
  readonly encoder: EventEncoder;
}

/** What all listeners share while one change is processed. */
interface ChangeContext {
  readonly change: Change;
  readonly before: AsOf;
  readonly after: AsOf;
  /** By collection and path. */
  readonly affected: Map<string, Promise<AffectedRecords>>;
  /** By collection and ids. */
  readonly records: Map<string, Promise<readonly RecordValues[]>>;
  searches: number;
  evaluations: number;
}

/**
 * Finds the other records that a change shows to a listener or hides from it: because it changed the listener's own
 * account, a rule, or a record that the rule reads. Before and after are both evaluated at the change's position in the
 * log; later writes have changes of their own.
 */
export class VisibilityDiff {
  readonly #options: VisibilityDiffOptions;
  #context: ChangeContext | undefined;

  constructor(options: VisibilityDiffOptions) {
    this.#options = options;
  }

  /** @param previous the listener before the change; `undefined` if the change doesn't alter the listener itself */
  async find(change: Change, listener: Listener, previous: Listener | undefined): Promise<VisibilityChanges> {
    try {
      const context = this.#begin(change, listener);
      const payloads = previous
        ? await this.#findForListenerChange(context, previous, listener)
        : await this.#findForRelatedChange(context, listener);
      if (payloads === "unknown" || payloads.length > MAX_VISIBILITY_CHANGES) return "unknown";
      const { encoder } = this.#options;
      return await Promise.all(payloads.map(async (payload) => encoder.encode(listener, change, payload)));
    } catch (error) {
      // The previous rule may no longer fit the tables, so what it showed can't be found.
      if (isUnreadableRule(error)) return "unknown";
      throw error;
    }
  }

  #begin(change: Change, { context: { schema } }: Listener): ChangeContext {
    if (this.#context?.change === change) return this.#context;
    const { seq, record, before, after } = change;
    const collection = schema.find(change.collection);
    const asOf = (values: RecordValues | null): AsOf =>
      collection ? { seq, override: { collection, id: record, values } } : { seq };
    this.#context = {
      change,
      before: asOf(before),
      after: asOf(after),
      affected: new Map(),
      records: new Map(),
      searches: 0,
      evaluations: 0,
    };
    return this.#context;
  }

  /** For a change of the listener's account or of its rule. */
  async #findForListenerChange(
    context: ChangeContext,
    previous: Listener,
    listener: Listener,
  ): Promise<readonly EventPayload[] | "unknown"> {
    const isSame =
      previous.rule === listener.rule &&
      listenerKey(previous) === listenerKey(listener) &&
      isSameSearch(previous, listener);
    const isRead = dependenciesOfListener(listener).some((dependency) => isAffectedBy(dependency, context.change));
    return isSame && !isRead ? [] : this.#search(context, previous, listener);
  }

  /** For a change of a record that the listener's rule or filter reads. */
  async #findForRelatedChange(
    context: ChangeContext,
    listener: Listener,
  ): Promise<readonly EventPayload[] | "unknown"> {
    const ids = new Set<string>();
    for (const dependency of dependenciesOfListener(listener)) {
      if (!isAffectedBy(dependency, context.change)) continue;
      const found = await this.#findAffected(context, listener, dependency);
      const affected = affectedFor(found, dependency, context.change, listener.context);
      if (affected === "any") {
        context.searches += 1;
        return context.searches > MAX_SEARCHES ? "unknown" : this.#search(context, listener, listener);
      }
      for (const id of affected) ids.add(id);
    }
    if (ids.size === 0) return [];
    if (ids.size > MAX_VISIBILITY_CHANGES || (context.evaluations += ids.size) > MAX_EVALUATIONS) return "unknown";
    return this.#compare(context, await this.#readRecords(context, listener, [...ids].sort()), listener);
  }

  #findAffected(
    { change, after, affected }: ChangeContext,
    listener: Listener,
    dependency: ListenerDependency,
  ): Promise<AffectedRecords> {
    const { collection } = listener.topic;
    const { schema } = listener.context;
    return entry(affected, [collection.id, origin(listener), ...dependency.steps.map(({ key }) => key)], () =>
      this.#readFor(listener, async (reader) => {
        const overrides = await overridesAsOf(reader, schema, after);
        if (!overrides) return { kind: "all" };
        return findAffectedRecords(reader, collection, dependency, change, overrides);
      }),
    );
  }

  /** The records with these ids as they were right after the change. */
  #readRecords(
    { after, records }: ChangeContext,
    listener: Listener,
    ids: readonly string[],
  ): Promise<readonly RecordValues[]> {
    const { collection } = listener.topic;
    const { schema } = listener.context;
    return entry(records, [collection.id, origin(listener), ...ids], () =>
      this.#readFor(listener, async (reader) => {
        const tables = withOverrides((await overridesAsOf(reader, schema, after)) ?? []);
        const rows = await reader.all(
          sql`${tables} SELECT * FROM ${sql.id(collection.name)} WHERE id IN ${anyOf(ids)}`,
        );
        return rows.map((row) => readRow(collection, row));
      }),
    );
  }

  /** Compares what was visible in the whole collection before and after the change. */
  async #search(
    { change, before, after }: ChangeContext,
    previous: Listener,
    listener: Listener,
  ): Promise<readonly EventPayload[] | "unknown"> {
    const { context, transitions, topic, search } = listener;
    const { collection } = topic;
    if (search === null || !isSameSearch(previous, listener)) return "unknown";
    const found = await this.#readFor(listener, async (reader) => {
      const [overridesBefore, overridesAfter] = await Promise.all([
        overridesAsOf(reader, context.schema, before),
        overridesAsOf(reader, context.schema, after),
      ]);
      if (!overridesBefore || !overridesAfter) return "unknown";
      const visibleBefore = visibleIdsQuery(previous, overridesBefore);
      const visibleAfter = visibleIdsQuery(listener, overridesAfter);
      const readIn = async (inside: Sql, outside: Sql): Promise<readonly RecordValues[]> => {
        const rows = await reader.all(
          sql`${withOverrides(overridesAfter)} SELECT * FROM ${sql.id(collection.name)} WHERE id IN ${inside} AND id NOT IN ${outside}
              LIMIT ${MAX_VISIBILITY_CHANGES + 2}`,
        );
        return rows.map((row) => readRow(collection, row));
      };
      return { left: await readIn(visibleBefore, visibleAfter), entered: await readIn(visibleAfter, visibleBefore) };
    });
    if (found === "unknown") return found;
    // What is left out below may have taken the place of others.
    if (search && Math.max(found.left.length, found.entered.length) > MAX_VISIBILITY_CHANGES) return "unknown";
    const isOther = (values: RecordValues): boolean =>
      !isOwn(change, collection.id, values.id) && (!search || matchesSearch(collection, search, values));
    return [
      ...found.left.filter(isOther).map(({ id }): EventPayload => ({ action: transitions!.leave, hiddenId: id })),
      ...found.entered.filter(isOther).map((values): EventPayload => ({ action: transitions!.enter, values })),
    ];
  }

  #readFor<T>({ filter, principal, topic }: Listener, work: (reader: Reader) => Promise<T>): Promise<T> {
    const { reader, clientQueries } = this.#options;
    if (!filter) return reader.read(work);
    const name = `search/${topic.collection.id}/${filter}`;
    return clientQueries.run(name, principalKey(principal), (source) => source.read(work));
  }

  /** Evaluates each record before and after the change. */
  async #compare(
    { change, before, after }: ChangeContext,
    records: readonly RecordValues[],
    listener: Listener,
  ): Promise<readonly EventPayload[]> {
    const { topic, transitions } = listener;
    const { batcher } = this.#options;
    const others = records.filter(({ id }) => !isOwn(change, topic.collection.id, id) && (topic.record ?? id) === id);
    const payloads = await Promise.all(
      others.map(async (values): Promise<EventPayload | undefined> => {
        const [wasVisible, isNowVisible] = await Promise.all([
          isVisible(batcher, listener, values, before),
          isVisible(batcher, listener, values, after),
        ]);
        if (wasVisible === isNowVisible) return undefined;
        return isNowVisible
          ? { action: transitions!.enter, values }
          : { action: transitions!.leave, hiddenId: values.id };
      }),
    );
    return payloads.filter((payload) => payload !== undefined);
  }
}

/** Does the search find the same records for both? */
const isSameSearch = (a: Listener, b: Listener): boolean =>
  Bun.deepEquals(a.search, b.search) &&
  (!a.search || searchDefinition(a.topic.collection) === searchDefinition(b.topic.collection));

/** Is it the record that changed? It has its own event. */
const isOwn = (change: Change, collection: string, id: string): boolean =>
  change.collection === collection && change.record === id;

/** Where the paths come from that are followed: a slow filter must not fail those that share a path by their rule. */
const origin = ({ filter }: Listener): string => filter ?? "";

/** The promise for a key, made on first use. */
function entry<T>(map: Map<string, Promise<T>>, key: readonly string[], make: () => Promise<T>): Promise<T> {
  const text = JSON.stringify(key);
  let found = map.get(text);
  if (!found) map.set(text, (found = make()));
  return found;
}
