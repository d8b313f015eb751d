import type { Api } from "../api.ts";
import { toHeadwaterError } from "../errors.ts";
import type { RecordModel, SubscriptionEvent } from "../realtime/events.ts";
import type { Realtime } from "../realtime/realtime.ts";
import type { FollowOptions } from "../realtime/realtime-options.ts";
import type { Subscription } from "../realtime/subscription.ts";
import { filter as filterTag } from "../records/filter.ts";
import { listRecords } from "../records/list.ts";
import { joinNames } from "../schema.ts";
import type { LiveList, LiveOptions } from "./live-list.ts";
import { fetchAllRecords } from "./fetch-all-records.ts";

export interface LiveListUpdaterOptions<T extends { readonly id: string }> {
  readonly api: Api;
  readonly realtime: Realtime;
  readonly collection: string;
  readonly options: LiveOptions<T>;
  readonly list: LiveList<T>;
}

/** Keeps a live list equal to the list on the server. */
export class LiveListUpdater<T extends { readonly id: string }> {
  readonly #options: LiveListUpdaterOptions<T>;
  readonly #listOptions: Pick<
    LiveOptions<RecordModel>,
    "filter" | "search" | "expand" | "fields" | "query" | "headers"
  >;
  #subscription: Subscription<SubscriptionEvent<T>> | undefined;

  constructor(options: LiveListUpdaterOptions<T>) {
    this.#options = options;
    const { filter, search, query, headers } = options.options;
    const [expand, fields] = [joinNames(options.options.expand), joinNames(options.options.fields)];
    this.#listOptions = { filter, search, expand, query, headers, fields: fields && `${fields},id` };
  }

  /** Fetches the list and follows its changes from there. */
  async load(): Promise<void> {
    const { api, collection, list } = this.#options;
    const fetched = await fetchAllRecords<T>(api, collection, {
      ...this.#listOptions,
      signal: this.#options.options.signal,
    });
    if (list.isClosed) return;
    if (fetched.since === undefined) return this.#followAndRefetch();
    list.reset(fetched.records);
    this.#followFromCursor(fetched.since);
  }

  stop(): void {
    void this.#subscription?.unsubscribe();
  }

  /** Replays the log from the cursor of the list. The server reports which records enter and leave the filter. */
  #followFromCursor(since: string): void {
    const { list } = this.#options;
    this.#follow({ ...this.#listOptions, since }, (event) => {
      if (event.action === "resync") return this.#reload();
      if (event.action === "delete" || event.action === "leave") list.remove(event.record.id);
      else list.put(event.record);
    });
  }

  /**
   * For PocketBase, whose lists have no cursor and which doesn't report records that leave a filter. Subscribes before
   * it fetches the list, and fetches each changed record again with the filter.
   */
  async #followAndRefetch(): Promise<void> {
    const { api, collection, list } = this.#options;
    const { query, headers } = this.#listOptions;
    let refetching: Promise<void> = Promise.resolve();
    const subscription = this.#follow({ query, headers }, (event) => {
      if (event.action === "resync") return this.#reload();
      refetching = refetching
        .then(() => this.#refetch(event.record.id))
        .catch((error: unknown) => list.fail(toHeadwaterError(error)));
    });
    await subscription.ready;
    const { records } = await fetchAllRecords<T>(api, collection, this.#listOptions);
    if (!list.isClosed) list.reset(records);
  }

  async #refetch(id: string): Promise<void> {
    const { api, collection, list } = this.#options;
    const byId = filterTag`id = ${id}`;
    const filter = this.#listOptions.filter ? `(${this.#listOptions.filter}) && ${byId}` : byId;
    const page = await api.retry(
      () => listRecords<T>(api, collection, { ...this.#listOptions, filter, perPage: 1, skipTotal: true }),
      () => !list.isClosed,
    );
    if (!page || list.isClosed) return;
    const [record] = page.items;
    if (record) list.put(record);
    else list.remove(id);
  }

  #follow(options: FollowOptions, onEvent: (event: SubscriptionEvent<T>) => void): Subscription<SubscriptionEvent<T>> {
    const { realtime, collection, list } = this.#options;
    const subscription = realtime.follow<T>(collection, "*", { ...options, check: false });
    this.#subscription = subscription;
    subscription.closed.catch((error: unknown) => list.fail(toHeadwaterError(error)));
    return subscription.forEach((event) => {
      // Ignores events of the old subscription once a reload has started.
      if (this.#subscription === subscription && !list.isClosed) onEvent(event);
    });
  }

  #reload(): void {
    const { api, list } = this.#options;
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
