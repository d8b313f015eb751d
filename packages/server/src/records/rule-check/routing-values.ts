import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { RoutingValue } from "../../rules/analysis/routing-values.ts";
import type { SnapshotReader } from "../../store/store.ts";
import { valuesStatement } from "./candidate-query.ts";
import { type AsOf, overridesAsOf } from "./as-of.ts";
import type { RecordContext } from "../model/record-context.ts";
import { recordScope } from "./record-scope.ts";

/** What each image of a record holds at the end of a path. */
type Held = ReadonlyMap<RecordValues, ReadonlySet<unknown>>;

/**
 * What a changed record holds where a rule requires a text of it, in the records that it is related to as they were at
 * the change. Read once for all who listen: with it their number does not matter.
 */
export class HeldValues {
  readonly #reader: SnapshotReader;
  /** By the path's name and its collection; each goes with its moment. */
  readonly #known = new WeakMap<AsOf, Map<string, Promise<Held>>>();

  constructor(reader: SnapshotReader) {
    this.#reader = reader;
  }

  /** @param context of any who listen: a path is the same for all of them */
  find(
    context: RecordContext,
    collection: Collection,
    required: RoutingValue,
    images: readonly RecordValues[],
    moment: AsOf,
  ): Promise<Held> {
    let known = this.#known.get(moment);
    if (!known) this.#known.set(moment, (known = new Map()));
    const key = keyOf(collection, required);
    let held = known.get(key);
    if (!held) known.set(key, (held = this.#read(context, collection, required, images, moment)));
    return held;
  }

  /** Does the image hold what is required of it? `undefined` where that was not read. */
  async holds(
    collection: Collection,
    required: RoutingValue,
    image: RecordValues,
    moment: AsOf,
  ): Promise<boolean | undefined> {
    const held = await this.#known
      .get(moment)
      ?.get(keyOf(collection, required))
      ?.catch(() => undefined);
    return held?.get(image)?.has(required.value);
  }

  async #read(
    context: RecordContext,
    collection: Collection,
    { operand }: RoutingValue,
    images: readonly RecordValues[],
    moment: AsOf,
  ): Promise<Held> {
    const scope = recordScope(context, collection);
    const held = images.map((image): [RecordValues, Set<unknown>] => [image, new Set()]);
    await this.#reader.read(async (reader) => {
      const standIns = (await overridesAsOf(reader, context.schema, moment)) ?? [];
      const rows = await reader.all(valuesStatement(operand, scope, images, context, context.now, standIns));
      for (const { image, value } of rows) held[Number(image)]![1].add(value);
    });
    return new Map(held);
  }
}

const keyOf = (collection: Collection, { field }: RoutingValue): string => `${collection.id}/${field}`;
