import type { Api } from "../api.ts";
import { openLiveList } from "../live/open-live-list.ts";
import type { LiveList, LiveOptions } from "../live/live-list.ts";
import { recordsPath } from "../realtime/check-access.ts";
import type { SubscriptionEvent } from "../realtime/events.ts";
import type { Realtime } from "../realtime/realtime.ts";
import type { SubscribeOptions } from "../realtime/realtime-options.ts";
import type { Subscription } from "../realtime/subscription.ts";
import type { AnyCollection, CollectionTypes } from "../schema.ts";
import { recordBody } from "./body.ts";
import { FieldName, type FilterField } from "./filter.ts";
import { type ListOptions, listRecords, type Page, viewQuery, type ViewOptions } from "./list.ts";

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

  /** A field, or one of a related record, to stand in a filter: its name is checked as the code is. */
  field(path: FilterField<Types["record"]>): FieldName {
    return new FieldName(path);
  }

  list(options?: ListOptions<Types["record"]>): Promise<Page<Types["record"]>> {
    return listRecords<Types["record"]>(this.#api, this.name, options);
  }

  view(id: string, options: ViewOptions<Types["record"]> = {}): Promise<Types["record"]> {
    return this.#one("GET", id, undefined, options);
  }

  /** Files are `File` or `Blob`. */
  create(values: Types["create"] | FormData, options: ViewOptions<Types["record"]> = {}): Promise<Types["record"]> {
    return this.#one("POST", undefined, values, options);
  }

  /** Changes the fields that are given, and no others; `null` empties one, `count+` adds to what is there. */
  update(
    id: string,
    values: Types["update"] | FormData,
    options: ViewOptions<Types["record"]> = {},
  ): Promise<Types["record"]> {
    return this.#one("PATCH", id, values, options);
  }

  async delete(id: string, { query, headers, signal }: ViewOptions = {}): Promise<void> {
    await this.#api.request("DELETE", this.#path(id), { query, headers, signal });
  }

  /** Every change of its records that the list rule, and the filter, let through. */
  subscribe(options?: SubscribeOptions<Types["record"]>): Subscription<SubscriptionEvent<Types["record"]>> {
    return this.#realtime.follow(this.name, "*", options);
  }

  /** Every change of one record that the view rule lets through. */
  subscribeTo(
    id: string,
    options?: SubscribeOptions<Types["record"]>,
  ): Subscription<SubscriptionEvent<Types["record"]>> {
    return this.#realtime.follow(this.name, id, options);
  }

  /** The current records, and then each change of the list, without a gap between them. */
  live(options?: LiveOptions<Types["record"]>): Promise<LiveList<Types["record"]>> {
    return openLiveList<Types["record"]>(this.#api, this.#realtime, this.name, options);
  }

  async #one(
    method: string,
    id: string | undefined,
    values: object | undefined,
    options: ViewOptions<Types["record"]>,
  ): Promise<Types["record"]> {
    const { headers, signal } = options;
    const { body } = await this.#api.request(method, this.#path(id), {
      query: viewQuery(options),
      ...(values !== undefined && { body: recordBody(values) }),
      headers,
      signal,
    });
    return body as Types["record"];
  }

  #path(id: string | undefined): string {
    const path = recordsPath(this.name);
    return id === undefined ? path : `${path}/${encodeURIComponent(id)}`;
  }
}
