import type { Api } from "../api.ts";
import { openLiveList } from "../live/open-live-list.ts";
import type { LiveList, LiveOptions } from "../live/live-list.ts";
import { recordsPath } from "../realtime/check.ts";
import type { RecordModel, SubscriptionEvent } from "../realtime/events.ts";
import type { Realtime } from "../realtime/realtime.ts";
import type { SubscribeOptions } from "../realtime/realtime-options.ts";
import type { Subscription } from "../realtime/subscription.ts";
import { recordBody } from "./body.ts";
import { type ListOptions, listRecords, type Page, type ViewOptions } from "./list.ts";

/** What a record is created with or changed by; `null` empties a field, files are `File` or `Blob`. */
export type RecordInput<T> = { readonly [Field in keyof T]?: T[Field] | Blob | readonly Blob[] | null } & Readonly<
  Record<string, unknown>
>;

/** The records of one collection. */
export class Collection<T extends { readonly id: string } = RecordModel> {
  readonly name: string;
  readonly #api: Api;
  readonly #realtime: Realtime;

  constructor(name: string, api: Api, realtime: Realtime) {
    this.name = name;
    this.#api = api;
    this.#realtime = realtime;
  }

  list(options?: ListOptions): Promise<Page<T>> {
    return listRecords<T>(this.#api, this.name, options);
  }

  view(id: string, options: ViewOptions = {}): Promise<T> {
    return this.#one("GET", id, undefined, options);
  }

  create(values: RecordInput<T> | FormData, options: ViewOptions = {}): Promise<T> {
    return this.#one("POST", undefined, values, options);
  }

  /** Changes the fields that are given, and no others. */
  update(id: string, values: RecordInput<T> | FormData, options: ViewOptions = {}): Promise<T> {
    return this.#one("PATCH", id, values, options);
  }

  async delete(id: string, { query, headers, signal }: ViewOptions = {}): Promise<void> {
    await this.#api.request("DELETE", this.#path(id), { query, headers, signal });
  }

  subscribe(options?: SubscribeOptions): Subscription<SubscriptionEvent<T>> {
    return this.#realtime.subscribeToCollection<T>(this.name, options);
  }

  subscribeTo(id: string, options?: SubscribeOptions): Subscription<SubscriptionEvent<T>> {
    return this.#realtime.subscribeToRecord<T>(this.name, id, options);
  }

  /** The current records, and then each change of the list, without a gap between them. */
  live(options?: LiveOptions<T>): Promise<LiveList<T>> {
    return openLiveList<T>(this.#api, this.#realtime, this.name, options);
  }

  async #one(method: string, id: string | undefined, values: object | undefined, options: ViewOptions): Promise<T> {
    const { query, headers, signal, expand, fields } = options;
    const { body } = await this.#api.request(method, this.#path(id), {
      query: { ...query, expand, fields },
      ...(values !== undefined && { body: recordBody(values) }),
      headers,
      signal,
    });
    return body as T;
  }

  #path(id: string | undefined): string {
    const path = recordsPath(this.name);
    return id === undefined ? path : `${path}/${encodeURIComponent(id)}`;
  }
}
