import type { AccountRef, Caller } from "./caller.ts";
import type { Filter } from "./filter.ts";
import type { Prepared } from "./prepared.ts";
import type { CreateInput, RecordOf, Subject, UpdateInput } from "../collections/record-types.ts";

export interface ViewOptions {
  /** Relations to bring along, such as `author, comments_via_post`. */
  readonly expand?: string;
}

export interface FirstOptions extends ViewOptions {
  readonly sort?: string;
}

export interface ListOptions extends FirstOptions {
  /** In the rule language; the tag `filter` quotes values. */
  readonly filter?: string | Filter;
  /** From 1 on. */
  readonly page?: number;
  /** 30 unless given, 1000 at most. */
  readonly perPage?: number;
  /** Spares counting: `totalItems` and `totalPages` are -1. */
  readonly skipTotal?: boolean;
}

export interface Page<R> {
  readonly items: readonly R[];
  readonly page: number;
  readonly perPage: number;
  readonly totalItems: number;
  readonly totalPages: number;
}

/**
 * The records of one collection, as somebody may read and write them: the application itself, which no rule holds,
 * unless `as` says who. Validation, hooks and the log are the same for all. What is refused is an ApiError, which a
 * route or hook may let through to the client.
 */
export interface Records<S extends Subject> {
  list(options?: ListOptions): Promise<Page<RecordOf<S>>>;
  /** The first record that a list would have. */
  first(filter: string | Filter, options?: FirstOptions): Promise<RecordOf<S> | undefined>;
  /** @throws ApiError 404 for one that is missing or must not be seen */
  get(id: string, options?: ViewOptions): Promise<RecordOf<S>>;
  /** @throws ApiError 400 with what is wrong by field, 403 where a rule or hook refuses */
  create(values: CreateInput<S> | Prepared<S>, options?: ViewOptions): Promise<RecordOf<S>>;
  /** Modifiers such as `count+` work on the record as the transaction finds it. */
  update(id: string, values: UpdateInput<S>, options?: ViewOptions): Promise<RecordOf<S>>;
  delete(id: string): Promise<void>;
  /** Does the slow part of a create, for a transaction that is to come; see `Prepared`. */
  prepare(values: CreateInput<S>): Promise<Prepared<S>>;
  /** The same records under the rules that hold for this caller or account. */
  as(who: Caller | AccountRef): Records<S>;
}

/** Records of a collection that is defined in code have its types; any other is named, and its values are unknown. */
export type RecordsOf = <const S extends Subject>(collection: S) => Records<S>;
