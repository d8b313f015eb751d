import type { Api } from "../api.ts";
import { openLiveList } from "../live/open-live-list.ts";
import type { LiveList, LiveOptions } from "../live/live-list.ts";
import { recordsPath } from "./records-endpoint.ts";
import type { SubscriptionEvent } from "../realtime/events.ts";
import type { Realtime } from "../realtime/realtime.ts";
import type { SubscribeOptions } from "../realtime/realtime-options.ts";
import type { Subscription } from "../realtime/subscription.ts";
import type { AnyCollection, CollectionTypes } from "../schema.ts";
import { recordBody } from "./body.ts";
import { FieldName, type FilterField } from "./filter.ts";
import {
  type AggregateOptions,
  aggregateRecords,
  type AggregateRow,
  type HistoryEntry,
  type HistoryOptions,
  type ListOptions,
  listRecords,
  type Page,
  viewQuery,
  type ViewOptions,
  writeHeaders,
  type WriteOptions,
} from "./list.ts";

/** The records of one collection. */
export class Collection<Types extends CollectionTypes = AnyCollection> {
  readonly name: string;
  readonly #api: Api;
  readonly #realtime: Realtime;

  constructor(name: string, api: Api, realtime: Realtime) {
    this.name = name;
    this.#api = api;
    this.#realtime = realtime;
  }

  /** A field, or a field of a related record, for use in `filter`. The compiler checks its name. */
  field(path: FilterField<Types["record"]>): FieldName {
    return new FieldName(path);
  }

  list(options?: ListOptions<Types["record"]>): Promise<Page<Types["record"]>> {
    return listRecords<Types["record"]>(this.#api, this.name, options);
  }

  /** Values computed over the records of a list, for each group of them. Headwater servers only. */
  aggregate(options?: AggregateOptions): Promise<Page<AggregateRow>> {
    return aggregateRecords(this.#api, this.name, options);
  }

  view(id: string, options: ViewOptions<Types["record"]> = {}): Promise<Types["record"]> {
    return this.#requestRecord("GET", id, undefined, options);
  }

  /** Creates a record. Files are `File` or `Blob` values. */
  create(values: Types["create"] | FormData, options: ViewOptions<Types["record"]> = {}): Promise<Types["record"]> {
    return this.#requestRecord("POST", undefined, values, options);
  }

  /** Updates only the given fields. `null` clears a field, `count+` adds to its value. */
  update(
    id: string,
    values: Types["update"] | FormData,
    options: WriteOptions<Types["record"]> = {},
  ): Promise<Types["record"]> {
    return this.#requestRecord("PATCH", id, values, options);
  }

  async delete(id: string, options: WriteOptions = {}): Promise<void> {
    const { query, signal } = options;
    await this.#api.request("DELETE", this.#path(id), { query, headers: writeHeaders(options), signal });
  }

  /** Deleted records that can be restored, the last deleted first. Headwater servers only, as the next two. */
  trash(options?: ListOptions<Types["record"]>): Promise<Page<Types["record"]>> {
    return listRecords<Types["record"]>(this.#api, this.name, options, "trash");
  }

  /** Brings back a deleted record or, with a version, the values that a record had after that change. */
  restore(id: string, version?: number): Promise<Types["record"]> {
    return this.#requestRecord("POST", id, undefined, {}, `${version ? `/history/${version}` : ""}/restore`);
  }

  /** The changes of a record, the newest first, before a version. */
  async history(id: string, options: HistoryOptions = {}): Promise<readonly HistoryEntry[]> {
    const { body } = await this.#api.request("GET", `${this.#path(id)}/history`, { query: { ...options } });
    return (body as { readonly items: readonly HistoryEntry[] }).items;
  }

  /** Subscribes to all changes of records that match the list rule and the filter. */
  subscribe(options?: SubscribeOptions<Types["record"]>): Subscription<SubscriptionEvent<Types["record"]>> {
    return this.#realtime.follow(this.name, "*", options);
  }

  /** Subscribes to all changes of one record that match the view rule. */
  subscribeTo(
    id: string,
    options?: SubscribeOptions<Types["record"]>,
  ): Subscription<SubscriptionEvent<Types["record"]>> {
    return this.#realtime.follow(this.name, id, options);
  }

  /** Fetches a list and keeps it up to date, without a gap between the two. */
  live(options?: LiveOptions<Types["record"]>): Promise<LiveList<Types["record"]>> {
    return openLiveList<Types["record"]>(this.#api, this.#realtime, this.name, options);
  }

  async #requestRecord(
    method: string,
    id: string | undefined,
    values: object | undefined,
    options: WriteOptions<Types["record"]>,
    end = "",
  ): Promise<Types["record"]> {
    const { signal } = options;
    const { body } = await this.#api.request(method, this.#path(id) + end, {
      query: viewQuery(options),
      ...(values !== undefined && { body: recordBody(values) }),
      headers: writeHeaders(options),
      signal,
    });
    return body as Types["record"];
  }

  #path(id: string | undefined): string {
    const path = recordsPath(this.name);
    return id === undefined ? path : `${path}/${encodeURIComponent(id)}`;
  }
}
