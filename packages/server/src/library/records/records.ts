import type { JsonValue } from "@headwater/protocol";
import type { AccountRef, Caller } from "./caller.ts";
import type { Filter } from "./filter.ts";
import type { Prepared } from "./prepared.ts";
import type { CreateInput, RecordOf, Subject, UpdateInput } from "../collections/record-types.ts";

export interface ViewOptions {
  /** Relations to include, such as `author, comments_via_post`. */
  readonly expand?: string;
  /** Includes the record's version, which `versionOf` reads. */
  readonly withVersion?: boolean;
}

export interface DeleteOptions {
  /** Fails with 412 if the record no longer has this version. */
  readonly ifMatch?: string | undefined;
}

export interface UpdateOptions extends ViewOptions, DeleteOptions {}

export interface FirstOptions extends ViewOptions {
  readonly sort?: string;
}

export interface ListOptions extends FirstOptions {
  /** An expression in the rule language. The template tag `filter` quotes values. */
  readonly filter?: string | Filter;
  /** Words, `"phrases"`, `begin*` and `-not`, looked for in the collection's search index. */
  readonly search?: string;
  /** 1 for the first page. */
  readonly page?: number;
  /** 30 unless given, at most 1000. */
  readonly perPage?: number;
  /** Skips the count: `totalItems` and `totalPages` are -1. */
  readonly skipTotal?: boolean;
  /** `bounded:1000` counts no further than 1000: `totalIsExact` is then false. */
  readonly total?: "exact" | `bounded:${number}`;
}

export interface AggregateOptions {
  /** What to compute: `count`, `sum(price)`, `avg`, `min`, `max`, `count(distinct author)`, with an alias as `total:sum(price)`. */
  readonly select?: string | readonly string[];
  /** Fields to group by, also of related records: `author.name`. */
  readonly groupBy?: string | readonly string[];
  readonly filter?: string | Filter;
  /** A condition on the groups and values of the result: `count > 5`. */
  readonly having?: string | Filter;
  /** Groups and values of the result: `-count,status`. */
  readonly sort?: string | readonly string[];
  readonly page?: number;
  readonly perPage?: number;
  readonly skipTotal?: boolean;
}

export interface HistoryOptions {
  /** 30 unless given. */
  readonly limit?: number;
  /** Only versions before this one. */
  readonly before?: number;
}

/** One change of a record. */
export interface HistoryItem {
  /** From 1 for each record. */
  readonly version: number;
  /** As in records: `2026-01-02 03:04:05.678Z`. */
  readonly time: string;
  readonly action: "create" | "update" | "delete" | "restore";
  readonly by: HistoryActor;
  /** By field. */
  readonly changes: Readonly<Record<string, { readonly old: JsonValue; readonly new: JsonValue }>>;
}

/** Who changed it: an account, a guest, or the application. */
export type HistoryActor =
  { readonly kind: "account"; readonly collectionId: string; readonly id: string } | { readonly kind: "guest" | "app" };

/** For each group, its fields and values by their keys. */
export type AggregateRow = Readonly<Record<string, JsonValue>>;

export interface Page<R> {
  readonly items: readonly R[];
  readonly page: number;
  readonly perPage: number;
  readonly totalItems: number;
  readonly totalPages: number;
  /** With `total: "bounded:…"`: whether there are no more than `totalItems`. */
  readonly totalIsExact?: boolean;
}

/**
 * The records of one collection. The application reads and writes them without rules; `as` applies the rules of a
 * caller. Validation, hooks and the log are always the same. Refusals are thrown as ApiErrors, which a route or hook can
 * let through to the client.
 */
export interface Records<S extends Subject> {
  list(options?: ListOptions): Promise<Page<RecordOf<S>>>;
  /** The first record of the list; `undefined` if it is empty. */
  first(filter: string | Filter, options?: FirstOptions): Promise<RecordOf<S> | undefined>;
  /** Values computed over the records of a list, for each group of them. */
  aggregate(options?: AggregateOptions): Promise<Page<AggregateRow>>;
  /** @throws ApiError 404 if the record is missing or not visible */
  get(id: string, options?: ViewOptions): Promise<RecordOf<S>>;
  /** @throws ApiError 400 with the errors by field, or 403 if a rule or hook refuses */
  create(values: CreateInput<S> | Prepared<S>, options?: ViewOptions): Promise<RecordOf<S>>;
  /** Modifiers such as `count+` apply to the record's values in the transaction. */
  update(id: string, values: UpdateInput<S>, options?: UpdateOptions): Promise<RecordOf<S>>;
  delete(id: string, options?: DeleteOptions): Promise<void>;
  /**
   * Brings back a deleted record of a collection with the option `softDelete`.
   *
   * @throws ApiError 404 if it isn't in the trash
   */
  restore(id: string, options?: ViewOptions): Promise<RecordOf<S>>;
  /** The changes of a record of a collection with the option `history`, the newest first. Hidden fields are not kept. */
  history(id: string, options?: HistoryOptions): Promise<readonly HistoryItem[]>;
  /** Does the slow part of a create before a transaction; see `Prepared`. */
  prepare(values: CreateInput<S>): Promise<Prepared<S>>;
  /** The same records under the rules for this caller or account. */
  as(who: Caller | AccountRef): Records<S>;
}

/** Records of a collection defined in code have its types. For any other, pass its name; its values are `unknown`. */
export type RecordsOf = <const S extends Subject>(collection: S) => Records<S>;
