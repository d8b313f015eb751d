import type { RecordValues } from "@headwater/protocol";
import { type Meter, sharedMeter } from "../../lib/scheduling/meter.ts";
import { principalKey } from "../../rules/principal.ts";
import type { Schema } from "../../collections/model/schema.ts";
import type { Trust } from "../../rules/resolve/record-scope.ts";
import { soleRoutingValue } from "../../rules/analysis/routing-values.ts";
import { resolvePredicate, resolveRule } from "../../rules/analysis/resolve-rule.ts";
import type { Reader, SnapshotReader } from "../../store/store.ts";
import type { ClientQueries } from "./client-queries.ts";
import type { RoutingValueReader } from "./routing-values.ts";
import { candidatesQuery } from "./candidate-query.ts";
import { type AsOf, overridesAsOf } from "./as-of.ts";
import type { RecordContext } from "../model/record-context.ts";
import { isUnreadableRule, undefinedIfUnreadable } from "../query/unreadable-rule.ts";
import type { RowOverride } from "./row-override.ts";
import { recordScope } from "../model/record-scope.ts";
import type { RuleCheck } from "./check-access.ts";

/** The most candidates in one statement: with a hundred columns each, they stay below SQLite's limit of bound values. */
const MAX_CANDIDATES = 64;

export interface BatchedRuleCheck extends RuleCheck {
  /** Read related records as they were then; otherwise as they are stored now. */
  readonly asOf?: AsOf | undefined;
  /** Whom a filter of a client is charged to. */
  readonly meter?: Meter | undefined;
}

/** A check that depends on the values. */
type ConditionCheck = BatchedRuleCheck & { readonly rule: string; readonly trust: Trust };

/** What goes to the database in one statement: one rule, any of the candidates, any of the requesters. */
interface RuleBatch extends Pick<ConditionCheck, "rule" | "collection" | "trust" | "asOf"> {
  /** The same for batches that differ only in when, for whom and on what the rule is evaluated. */
  readonly key: string;
  /** With their indexes. */
  readonly candidates: Map<RecordValues, number>;
  /** By the principal's key, with their indexes. */
  readonly requesters: Map<string, { readonly context: RecordContext; readonly index: number }>;
  /** The meters of the callers. */
  readonly meters: Set<Meter>;
  readonly results: Promise<BatchResults>;
}

/** Does this candidate meet the rule for this requester? Both by index. */
type BatchResults = (candidate: number, requester: number) => boolean;

export interface RuleBatcherOptions {
  /** Values of changed records that have been read already; they answer some rules. */
  readonly routingValues?: RoutingValueReader;
  /** Runs the filters of clients; without it, they run like rules. */
  readonly clientQueries?: ClientQueries;
}

/**
 * Like the function `meetsRule`, for many listeners at a time. A predicate gives its result at once. Checks that need the
 * database are collected until the previous statement is done, and then go into one statement for all listeners. Only
 * filters of clients don't wait for each other: a slow one must hold up no other.
 */
export class RuleBatcher {
  readonly #reader: SnapshotReader;
  readonly #routingValues: RoutingValueReader | undefined;
  /** The batches that still take checks: by log position or, for checks on current data, by schema. */
  readonly #batches = new Map<Schema | AsOf, Map<string, RuleBatch>>();
  /** The last batch of each chain, in which one runs after the other: of all rules, and of each client's filter. */
  readonly #chains = new Map<string, Promise<void>>();
  readonly #clientQueries: ClientQueries | undefined;

  constructor(reader: SnapshotReader, { routingValues, clientQueries }: RuleBatcherOptions = {}) {
    this.#reader = reader;
    this.#routingValues = routingValues;
    this.#clientQueries = clientQueries;
  }

  async meetsRule(check: BatchedRuleCheck): Promise<boolean> {
    const { rule, values, context } = check;
    if (rule === null || rule === "") return rule === "";
    const condition: ConditionCheck = { ...check, rule, trust: check.trust ?? "trusted" };
    const known = evaluateInMemory(condition) ?? (await this.#evaluateByRouting(condition));
    if (known !== undefined) return known;

    const batch = this.#openBatch(condition);
    if (check.meter) batch.meters.add(check.meter);
    const requester = principalKey(context.principal);
    if (!batch.candidates.has(values)) batch.candidates.set(values, batch.candidates.size);
    if (!batch.requesters.has(requester)) batch.requesters.set(requester, { context, index: batch.requesters.size });
    const candidateIndex = batch.candidates.get(values)!;
    const requesterIndex = batch.requesters.get(requester)!.index;
    return (await batch.results)(candidateIndex, requesterIndex);
  }

  /** The result of a rule that consists of an equality with a routing value, if that value has been read. */
  async #evaluateByRouting(check: ConditionCheck): Promise<boolean | undefined> {
    const { context, collection, rule, values, trust, asOf } = check;
    // Besides the filter itself, a client's filter has to meet the list rules of the collections on its paths.
    if (!asOf || trust !== "trusted") return undefined;
    const condition = resolveRule(rule, recordScope(context, collection, trust));
    const routing = soleRoutingValue(condition, context);
    return routing && this.#routingValues?.holds(collection, routing, values, asOf);
  }

  #openBatch({ context, collection, rule, trust, asOf }: ConditionCheck): RuleBatch {
    const { schema, query, headers } = context;
    const group = asOf ?? schema;
    let batches = this.#batches.get(group);
    if (!batches) this.#batches.set(group, (batches = new Map()));
    const key = JSON.stringify([collection.id, trust, rule, query, headers]);
    let batch = batches.get(key);
    if (batch && batch.candidates.size < MAX_CANDIDATES) return batch;
    const close = (): void => {
      if (batches.get(key) === batch) batches.delete(key);
      if (batches.size === 0 && this.#batches.get(group) === batches) this.#batches.delete(group);
    };
    const chain = trust === "client" ? key : RULES;
    const results = (this.#chains.get(chain) ?? Promise.resolve()).then(() => {
      close();
      return this.#evaluate(batch!);
    });
    batch = {
      key,
      rule,
      collection,
      trust,
      asOf,
      candidates: new Map(),
      requesters: new Map(),
      meters: new Set(),
      results,
    };
    batches.set(key, batch);
    const done = results.then(nothing, nothing).then(() => {
      if (this.#chains.get(chain) === done) this.#chains.delete(chain);
    });
    this.#chains.set(chain, done);
    return batch;
  }

  async #evaluate(batch: RuleBatch): Promise<BatchResults> {
    const contexts = [...batch.requesters.values()].map(({ context }) => context);
    const pairs = await this.#findPairs(batch, contexts).catch((error: unknown) => {
      // One requester's values may be what SQLite can't run: the others still get their results.
      if (isUnreadableRule(error)) return this.#findPairsOneByOne(batch, contexts);
      throw error;
    });
    return (candidate, requester) => pairs.has(pairKey(candidate, requester));
  }

  #findPairs(batch: RuleBatch, contexts: readonly RecordContext[]): Promise<ReadonlySet<string>> {
    if (batch.trust !== "client" || !this.#clientQueries) return this.#findPairsWith(this.#reader, batch, contexts);
    const [account, ...others] = batch.requesters.keys();
    return this.#clientQueries.run(
      batch.key,
      others.length > 0 ? SEVERAL : account!,
      (reader) => this.#findPairsWith(reader, batch, contexts),
      batch.meters.size > 0 ? sharedMeter(batch.meters) : undefined,
    );
  }

  #findPairsWith(
    source: SnapshotReader,
    batch: RuleBatch,
    contexts: readonly RecordContext[],
  ): Promise<ReadonlySet<string>> {
    const { asOf } = batch;
    if (!asOf) return this.#findPairsOn(source, batch, contexts, []);
    const { schema } = contexts[0]!;
    return source.read(async (reader) => {
      // Too much was written since to go back: current data has to do.
      const overrides = (await overridesAsOf(reader, schema, asOf)) ?? [];
      return this.#findPairsOn(reader, batch, contexts, overrides);
    });
  }

  async #findPairsOn(
    reader: Reader,
    { rule, collection, trust, candidates, requesters }: RuleBatch,
    contexts: readonly RecordContext[],
    overrides: readonly RowOverride[],
  ): Promise<ReadonlySet<string>> {
    const pairs = new Set<string>();
    const indexes = new Map([...requesters.values()].map(({ context, index }) => [context, index]));
    let waiting = contexts;
    while (waiting.length > 0) {
      const [first] = waiting as [RecordContext];
      const inputs = { rule, scope: recordScope(first, collection, trust), now: first.now };
      const { statement, fits } = candidatesQuery(inputs, [...candidates.keys()], waiting, overrides);
      const served = waiting.filter(fits);
      for (const { candidate, requester } of await reader.all(statement)) {
        pairs.add(pairKey(Number(candidate), indexes.get(served[Number(requester)]!)!));
      }
      waiting = waiting.filter((context) => !fits(context));
    }
    return pairs;
  }

  async #findPairsOneByOne(batch: RuleBatch, contexts: readonly RecordContext[]): Promise<ReadonlySet<string>> {
    const pairs: string[] = [];
    for (const context of contexts) {
      const found = await undefinedIfUnreadable(() => this.#findPairs(batch, [context]));
      if (found) pairs.push(...found);
    }
    return new Set(pairs);
  }
}

/** The same as `RuleBatcher.meetsRule`, at once; `undefined` if the rule needs the database. */
export function meetsRuleInMemory(check: BatchedRuleCheck): boolean | undefined {
  const { rule } = check;
  if (rule === null || rule === "") return rule === "";
  return evaluateInMemory({ ...check, rule, trust: check.trust ?? "trusted" });
}

/** `undefined` if the rule needs the database. */
function evaluateInMemory({ context, collection, rule, values, trust }: ConditionCheck): boolean | undefined {
  try {
    return resolvePredicate(rule, recordScope(context, collection, trust))?.(values, context, context.now);
  } catch (error) {
    if (isUnreadableRule(error)) return false;
    throw error;
  }
}

/** The chain of all rules. */
const RULES = "";
/** Whose query a filter of several accounts is. */
const SEVERAL = "subscribers";

const pairKey = (candidate: number, requester: number): string => `${candidate}/${requester}`;
const nothing = (): void => {};
