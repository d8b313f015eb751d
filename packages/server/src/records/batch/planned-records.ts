import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { dependenciesOf } from "../../rules/analysis/rule-dependencies.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { findRecord } from "../query/find-record.ts";
import { conditionOf } from "../rule-check/interpret-rule.ts";
import type { Preparation } from "../write/prepare-submission.ts";
import type { BatchRequest } from "./batch-request.ts";

/** Finds a record as a request will find it. */
type FindPlanned = () => Promise<RecordValues | undefined>;

/** What the requests before will have made of the records when a request's turn comes. */
export class PlannedRecords {
  readonly #reader: Reader;
  readonly #records = new Map<string, FindPlanned>();
  /** The collections that the requests write. */
  readonly #written = new Set<Collection>();
  #count = 0;
  #hasDeletes = false;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** The record as the request will find it. */
  readonly find = (collection: Collection, id: string): Promise<RecordValues | undefined> =>
    this.#finderOf(collection, id)();

  /**
   * @param id `undefined` for a record whose id nobody knows yet
   * @param save what a request will make of the record
   */
  save(collection: Collection, id: string | undefined, save: (before: RecordValues | undefined) => RecordValues): void {
    this.#note(collection);
    if (id === undefined) return;
    const before = this.#finderOf(collection, id);
    let found: Promise<RecordValues> | undefined;
    this.#records.set(keyOf(collection, id), () => (found ??= before().then(save)));
  }

  delete(collection: Collection, id: string): void {
    this.#note(collection);
    this.#hasDeletes = true;
    this.#records.set(keyOf(collection, id), () => Promise.resolve(undefined));
  }

  /**
   * What can be checked of a request before the transaction, because no request before it can change the outcome: what is
   * refused should cost neither a hash nor a disk write.
   *
   * @param isNew whether it will create the record
   */
  checksOf({ collection, context, id }: BatchRequest, isNew: boolean): Preparation["checks"] {
    if (this.#count === 0) return "all";
    const rule = isNew ? collection.createRule : collection.updateRule;
    if (rule === null) return "rule";
    if (isSuperuser(context.principal) || this.#hasDeletes || context.hooks?.registry.has("within")) return "none";
    if (!isNew && id !== undefined && this.#records.has(keyOf(collection, id))) return "none";
    const condition = conditionOf(context, collection, rule);
    const read = condition ? dependenciesOf(condition).map((dependency) => dependency.collection) : [];
    return read.some((other) => other.type === "view" || this.#written.has(other)) ? "none" : "rule";
  }

  #finderOf(collection: Collection, id: string): FindPlanned {
    return this.#records.get(keyOf(collection, id)) ?? (() => findRecord(this.#reader, collection, id));
  }

  #note(collection: Collection): void {
    this.#count += 1;
    this.#written.add(collection);
  }
}

const keyOf = (collection: Collection, id: string): string => `${collection.id}/${id}`;
