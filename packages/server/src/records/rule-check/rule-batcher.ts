import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import type { Trust } from "../../rules/resolve/record-scope.ts";
import { soleRequirement } from "../../rules/analysis/routing-values.ts";
import { resolvePredicate, resolveRule } from "../../rules/analysis/resolve-rule.ts";
import type { Reader, SnapshotReader } from "../../store/store.ts";
import type { HeldValues } from "./routing-values.ts";
import { manyStatement } from "./candidate-query.ts";
import { type AsOf, overridesAsOf } from "./as-of.ts";
import type { RecordContext } from "../model/record-context.ts";
import { isUnreadableRule, undefinedIfUnreadable } from "../query/unreadable-rule.ts";
import type { RowOverride } from "./row-override.ts";
import { recordScope } from "./record-scope.ts";

/** Images that one statement is asked about; a hundred columns each stay below SQLite's limit of bound values. */
const MAX_IMAGES = 64;

/** What the database is asked in one go: one rule, about any of the images, for any of the askers. */
interface Batch {
  readonly rule: string;
  readonly collection: Collection;
  readonly trust: Trust;
  readonly moment: AsOf | undefined;
  readonly images: Map<RecordValues, number>;
  readonly askers: Map<string, { readonly context: RecordContext; readonly place: number }>;
  readonly answers: Promise<Answers>;
}

/** By the places of image and asker. */
type Answers = (image: number, asker: number) => boolean;

/**
 * As `canSee`, for many listeners at a time: a predicate answers at once; what takes the database is gathered until the
 * statement before it is done, and asked for everyone together.
 */
export class RuleBatcher {
  readonly #reader: SnapshotReader;
  readonly #held: HeldValues | undefined;
  /** Those that are still open: by moment or, for what is asked of the present, by schema. */
  readonly #batches = new Map<Schema | AsOf, Map<string, Batch>>();
  #asking: Promise<void> = Promise.resolve();

  /** @param held what is known already of the records at hand */
  constructor(reader: SnapshotReader, held?: HeldValues) {
    this.#reader = reader;
    this.#held = held;
  }

  /**
   * @param asker equal for contexts that get the same answer to the same rule
   * @param rule the text of a rule; `null` is met by none, "" by all
   * @param trust `client` for a filter that a client supplied
   * @param moment where related records are to be as they were then; else they are as they are stored
   */
  async canSee(
    context: RecordContext,
    asker: string,
    collection: Collection,
    rule: string | null,
    image: RecordValues,
    trust: Trust,
    moment?: AsOf,
  ): Promise<boolean> {
    if (rule === null || rule === "") return rule === "";
    const answer = inMemory(context, collection, rule, image, trust);
    if (answer !== undefined) return answer;
    const known = moment && (await this.#known(context, collection, rule, image, trust, moment));
    if (known !== undefined) return known;

    const batch = this.#batch(context, collection, rule, trust, moment);
    if (!batch.images.has(image)) batch.images.set(image, batch.images.size);
    if (!batch.askers.has(asker)) batch.askers.set(asker, { context, place: batch.askers.size });
    const [imagePlace, askerPlace] = [batch.images.get(image)!, batch.askers.get(asker)!.place];
    return (await batch.answers)(imagePlace, askerPlace);
  }

  /** The answer to a rule that asks for nothing but what has been read already. */
  async #known(
    context: RecordContext,
    collection: Collection,
    rule: string,
    image: RecordValues,
    trust: Trust,
    moment: AsOf,
  ): Promise<boolean | undefined> {
    // The paths of a client's filter are guarded by more than the filter says.
    if (trust !== "trusted") return undefined;
    const condition = resolveRule(rule, recordScope(context, collection, trust));
    const required = soleRequirement(condition, context);
    return required && this.#held?.holds(collection, required, image, moment);
  }

  /** The batch that is still open for this question. */
  #batch(context: RecordContext, collection: Collection, rule: string, trust: Trust, moment?: AsOf): Batch {
    const { schema, query, headers } = context;
    const group = moment ?? schema;
    let batches = this.#batches.get(group);
    if (!batches) this.#batches.set(group, (batches = new Map()));
    const key = JSON.stringify([collection.id, trust, rule, query, headers]);
    let batch = batches.get(key);
    if (batch && batch.images.size < MAX_IMAGES) return batch;
    const close = (): void => {
      if (batches.get(key) === batch) batches.delete(key);
      if (batches.size === 0 && this.#batches.get(group) === batches) this.#batches.delete(group);
    };
    const answers = this.#asking.then(() => {
      close();
      return this.#answer(batch!);
    });
    batch = { rule, collection, trust, moment, images: new Map(), askers: new Map(), answers };
    batches.set(key, batch);
    this.#asking = answers.then(nothing, nothing);
    return batch;
  }

  async #answer(batch: Batch): Promise<Answers> {
    const contexts = [...batch.askers.values()].map(({ context }) => context);
    const met = await this.#pairs(batch, contexts).catch((error: unknown) => {
      // One requester's values may be what SQLite can't run: the others still get their results.
      if (isUnreadableRule(error)) return this.#pairsOneByOne(batch, contexts);
      throw error;
    });
    return (image, asker) => met.has(pair(image, asker));
  }

  #pairs(batch: Batch, contexts: readonly RecordContext[]): Promise<ReadonlySet<string>> {
    const { moment } = batch;
    if (!moment) return this.#pairsOn(this.#reader, batch, contexts, []);
    const { schema } = contexts[0]!;
    return this.#reader.read(async (reader) => {
      // Too far behind to know how it was then: as it is now must do.
      const standIns = (await overridesAsOf(reader, schema, moment)) ?? [];
      return this.#pairsOn(reader, batch, contexts, standIns);
    });
  }

  async #pairsOn(
    reader: Reader,
    { rule, collection, trust, images, askers }: Batch,
    contexts: readonly RecordContext[],
    standIns: readonly RowOverride[],
  ): Promise<ReadonlySet<string>> {
    const met = new Set<string>();
    const places = new Map([...askers.values()].map(({ context, place }) => [context, place]));
    let waiting = contexts;
    while (waiting.length > 0) {
      const [first] = waiting as [RecordContext];
      const scope = recordScope(first, collection, trust);
      const asked = manyStatement(rule, scope, [...images.keys()], waiting, first.now, standIns);
      const { fits } = asked;
      const served = waiting.filter(fits);
      for (const { image, asker } of await reader.all(asked.statement)) {
        met.add(pair(Number(image), places.get(served[Number(asker)]!)!));
      }
      waiting = waiting.filter((context) => !fits(context));
    }
    return met;
  }

  async #pairsOneByOne(batch: Batch, contexts: readonly RecordContext[]): Promise<ReadonlySet<string>> {
    const pairs: string[] = [];
    for (const context of contexts)
      pairs.push(...((await undefinedIfUnreadable(() => this.#pairs(batch, [context]))) ?? NONE));
    return new Set(pairs);
  }
}

const NONE: ReadonlySet<string> = new Set();

/** A rule that can't be understood is met by none; `undefined` for what takes the database. */
function inMemory(
  context: RecordContext,
  collection: Collection,
  rule: string,
  image: RecordValues,
  trust: Trust,
): boolean | undefined {
  try {
    return resolvePredicate(rule, recordScope(context, collection, trust))?.(image, context, context.now);
  } catch (error) {
    if (isUnreadableRule(error)) return false;
    throw error;
  }
}

const pair = (image: number, asker: number): string => `${image}/${asker}`;
const nothing = (): void => {};
