import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { RoutingValue } from "../../rules/analysis/routing-values.ts";
import type { SnapshotReader } from "../../store/store.ts";
import { routingValuesQuery } from "./candidate-query.ts";
import { type AsOf, overridesAsOf } from "./as-of.ts";
import type { RecordContext } from "../model/record-context.ts";
import { recordScope } from "../model/record-scope.ts";

/** For each candidate, the values at the end of a rule's path. */
type ValuesByCandidate = ReadonlyMap<RecordValues, ReadonlySet<unknown>>;

/**
 * Reads the values by which a change is routed to listeners, where a rule finds them in related records: as they were at
 * the change. One read serves all listeners, however many there are.
 */
export class RoutingValueReader {
  readonly #reader: SnapshotReader;
  /** By collection and path. */
  readonly #known = new WeakMap<AsOf, Map<string, Promise<ValuesByCandidate>>>();

  constructor(reader: SnapshotReader) {
    this.#reader = reader;
  }

  /** @param context of any listener: the path leads to the same values for all */
  read(
    context: RecordContext,
    collection: Collection,
    routing: RoutingValue,
    candidates: readonly RecordValues[],
    asOf: AsOf,
  ): Promise<ValuesByCandidate> {
    let known = this.#known.get(asOf);
    if (!known) this.#known.set(asOf, (known = new Map()));
    const key = keyOf(collection, routing);
    let values = known.get(key);
    if (!values) known.set(key, (values = this.#query(context, collection, routing, candidates, asOf)));
    return values;
  }

  /** Does the candidate hold the routing value? `undefined` if `read` was not called for it. */
  async holds(
    collection: Collection,
    routing: RoutingValue,
    candidate: RecordValues,
    asOf: AsOf,
  ): Promise<boolean | undefined> {
    const values = await this.#known
      .get(asOf)
      ?.get(keyOf(collection, routing))
      ?.catch(() => undefined);
    return values?.get(candidate)?.has(routing.value);
  }

  async #query(
    context: RecordContext,
    collection: Collection,
    { operand }: RoutingValue,
    candidates: readonly RecordValues[],
    asOf: AsOf,
  ): Promise<ValuesByCandidate> {
    const inputs = { scope: recordScope(context, collection), context, now: context.now };
    const found = candidates.map((candidate): [RecordValues, Set<unknown>] => [candidate, new Set()]);
    await this.#reader.read(async (reader) => {
      const overrides = (await overridesAsOf(reader, context.schema, asOf)) ?? [];
      const rows = await reader.all(routingValuesQuery(operand, inputs, candidates, overrides));
      for (const { candidate, value } of rows) found[Number(candidate)]![1].add(value);
    });
    return new Map(found);
  }
}

const keyOf = (collection: Collection, { field }: RoutingValue): string => `${collection.id}/${field}`;
