import type { Api } from "../api.ts";
import { toHeadwaterError } from "../errors.ts";
import type { RecordModel, SubscriptionEvent } from "../realtime/events.ts";
import type { Realtime } from "../realtime/realtime.ts";
import type { FollowOptions } from "../realtime/realtime-options.ts";
import type { Subscription } from "../realtime/subscription.ts";
import { filter as write } from "../records/filter.ts";
import { listRecords } from "../records/list.ts";
import { joinNames } from "../schema.ts";
import type { LiveList, LiveOptions } from "./live-list.ts";
import { fetchAllRecords, type FetchedRecords } from "./fetch-all-records.ts";

export interface LiveListUpdaterOptions<T extends { readonly id: string }> {
  readonly api: Api;
  readonly realtime: Realtime;
  readonly collection: string;
  readonly options: LiveOptions<T>;
  readonly list: LiveList<T>;
}

/** Keeps a list as the server has it. */
export class LiveListUpdater<T extends { readonly id: string }> {
  readonly #parts: LiveListUpdaterOptions<T>;
  readonly #listOptions: Pick<LiveOptions<RecordModel>, "filter" | "expand" | "fields" | "query" | "headers">;
  #subscription: Subscription<SubscriptionEvent<T>> | undefined;

  constructor(parts: LiveListUpdaterOptions<T>) {
    this.#parts = parts;
    const { filter, query, headers } = parts.options;
    const [expand, fields] = [joinNames(parts.options.expand), joinNames(parts.options.fields)];
    this.#listOptions = { filter, expand, query, headers, fields: fields && `${fields},id` };
  }

  /** Reads the list, and follows it from there. */
  async load(): Promise<void> {
    const { api, collection, list } = this.#parts;
    const snapshot = await fetchAllRecords<T>(api, collection, {
      ...this.#listOptions,
      signal: this.#parts.options.signal,
    });
    if (list.isClosed) return;
    if (snapshot.since === undefined) return this.#followAndRefetch();
    list.reset(snapshot.records);
    this.#followFromCursor(snapshot, snapshot.since);
  }

  stop(): void {
    void this.#subscription?.unsubscribe();
  }

  /** The server's log begins where the list was read, and tells what enters and leaves. */
  #followFromCursor(snapshot: FetchedRecords<T>, since: string): void {
    const { list } = this.#parts;
    this.#follow({ ...this.#listOptions, since }, (event) => {
      if (event.action === "resync") return this.#reload();
      if (snapshot.includes(event.record.id, event.cursor)) return;
      if (event.action === "delete" || event.action === "leave") list.remove(event.record.id);
      else list.put(event.record);
    });
  }

  /**
   * A stock PocketBase says neither where its list stands nor what leaves a filter. So the stream comes first, then the
   * list, and each record that something happened to is asked for again under the filter.
   */
  async #followAndRefetch(): Promise<void> {
    const { api, collection, list } = this.#parts;
    const { query, headers } = this.#listOptions;
    let asking: Promise<void> = Promise.resolve();
    const subscription = this.#follow({ query, headers }, (event) => {
      if (event.action === "resync") return this.#reload();
      asking = asking
        .then(() => this.#refetch(event.record.id))
        .catch((error: unknown) => list.fail(toHeadwaterError(error)));
    });
    await subscription.ready;
    const { records } = await fetchAllRecords<T>(api, collection, this.#listOptions);
    if (!list.isClosed) list.reset(records);
  }

  async #refetch(id: string): Promise<void> {
    const { api, collection, list } = this.#parts;
    const one = write`id = ${id}`;
    const filter = this.#listOptions.filter ? `(${this.#listOptions.filter}) && ${one}` : one;
    const page = await api.retry(
      () => listRecords<T>(api, collection, { ...this.#listOptions, filter, perPage: 1, skipTotal: true }),
      () => !list.isClosed,
    );
    if (!page || list.isClosed) return;
    const [record] = page.items;
    if (record) list.put(record);
    else list.remove(id);
  }

  #follow(what: FollowOptions, onEvent: (event: SubscriptionEvent<T>) => void): Subscription<SubscriptionEvent<T>> {
    const { realtime, collection, list } = this.#parts;
    const subscription = realtime.follow<T>(collection, "*", { ...what, check: false });
    this.#subscription = subscription;
    subscription.closed.catch((error: unknown) => list.fail(toHeadwaterError(error)));
    return subscription.forEach((event) => {
      // What comes after a reload has begun belongs to the next subscription.
      if (this.#subscription === subscription && !list.isClosed) onEvent(event);
    });
  }

  #reload(): void {
    const { api, list } = this.#parts;
    this.stop();
    this.#subscription = undefined;
    api
      .retry(
        () => this.load(),
        () => !list.isClosed,
      )
      .catch((error: unknown) => list.fail(toHeadwaterError(error)));
  }
}
