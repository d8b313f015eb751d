import { type Cursor, parseCursor } from "@headwater/protocol";
import type { ConnectionState } from "../connection/connection-state.ts";
import { aborted, toHeadwaterError, HeadwaterError } from "../errors.ts";
import { RealtimeSession } from "./realtime-session.ts";
import { checkAccess, type AccessCheck, listAccessCheck, recordAccessCheck } from "./check-access.ts";
import type { SubscriptionListener } from "./shared-subscription.ts";
import type { Resync, SubscriptionEvent } from "./events.ts";
import { type Message, toMessage, toRecordEvent } from "./messages.ts";
import { Monitor, type MonitorEvent, type RealtimeStats } from "./monitor.ts";
import type { FollowOptions, RealtimeDependencies, SubscribeOptions } from "./realtime-options.ts";
import type { AnySchema, SchemaOf } from "../schema.ts";
import { Subscription } from "./subscription.ts";
import { subscriptionName, topicQuery } from "./topic.ts";

const CAPACITY = 1_024;

/** What a subscription wants: a topic, leave to listen to it, and how its data is read. */
interface SubscriptionSpec<E> {
  readonly topic: string;
  readonly query: Readonly<Record<string, string>>;
  readonly check: AccessCheck | undefined;
  /** `undefined` for data that is none of this subscription's kind. */
  readonly read: (data: unknown, cursor: string | undefined) => E | undefined;
}

/** A subscription, whatever it is of. */
type OpenSubscription = Pick<Subscription<never>, "queued" | "dropped" | "fail">;

/** All subscriptions of a client, over one connection that is there while there are any. */
export class Realtime<Schema extends SchemaOf<Schema> = AnySchema> {
  readonly #parts: RealtimeDependencies;
  readonly #monitor = new Monitor();
  readonly #session: RealtimeSession;
  readonly #subscriptions = new Set<OpenSubscription>();
  #replays = 0;

  constructor(parts: RealtimeDependencies) {
    this.#parts = parts;
    this.#session = new RealtimeSession(parts, this.#monitor, (error) => this.#fail(error));
  }

  get state(): ConnectionState {
    return this.#session.state;
  }

  /** The server's name for the present connection; "" while there is none. */
  get clientId(): string {
    return this.#session.clientId;
  }

  /** The names of all subscriptions on the server. */
  get names(): readonly string[] {
    return this.#session.names;
  }

  get stats(): RealtimeStats {
    const open = [...this.#subscriptions];
    return {
      ...this.#monitor.counts,
      state: this.state,
      subscriptions: this.names.length,
      duplicates: this.#session.duplicates,
      queued: open.reduce((sum, { queued }) => sum + queued, 0),
      dropped: open.reduce((sum, { dropped }) => sum + dropped, this.#monitor.dropped),
    };
  }

  /** Tells what happens to the connection, as it happens. Gives a function that ends it. */
  monitor(listener: (event: MonitorEvent) => void): () => void {
    return this.#monitor.listen(listener);
  }

  /** Every change of a collection's records that the list rule, and the filter, let through. */
  subscribeToCollection<Name extends keyof Schema & string>(
    collection: Name,
    options?: SubscribeOptions<Schema[Name]["record"]>,
  ): Subscription<SubscriptionEvent<Schema[Name]["record"]>> {
    return this.follow(collection, "*", options);
  }

  /** Every change of one record that the view rule lets through. */
  subscribeToRecord<Name extends keyof Schema & string>(
    collection: Name,
    id: string,
    options?: SubscribeOptions<Schema[Name]["record"]>,
  ): Subscription<SubscriptionEvent<Schema[Name]["record"]>> {
    return this.follow(collection, id, options);
  }

  /** Whatever the server sends under a name of its own: custom channels. Data that is no JSON comes as text. */
  subscribe(topic: string, options: FollowOptions = {}): Subscription<Message | Resync> {
    return this.#subscribe({ topic, query: topicQuery(options), check: undefined, read: toMessage }, options);
  }

  /** Ends all subscriptions and the connection. Loops over them end with the error `aborted`. */
  close(): void {
    const error = aborted();
    this.#fail(error);
    this.#session.close(error);
  }

  /** Either of these, where the type is known already: `which` is the record's id, or `*`. */
  follow<T>(collection: string, which: string, options: FollowOptions = {}): Subscription<SubscriptionEvent<T>> {
    const check = which === "*" ? listAccessCheck(collection, options) : recordAccessCheck(collection, which, options);
    return this.#subscribe(
      {
        topic: `${collection}/${which}`,
        // A stock PocketBase makes nothing of `transitions`.
        query: { transitions: "enter-leave", ...topicQuery(options) },
        check: options.check === false ? undefined : check,
        read: (data, cursor) => toRecordEvent<T>(data, cursor),
      },
      options,
    );
  }

  #subscribe<E>(wish: SubscriptionSpec<E>, options: FollowOptions): Subscription<E | Resync> {
    const since = options.since === undefined ? undefined : parseCursor(options.since);
    if (options.since !== undefined && !since) throw new HeadwaterError("invalid", "`since` is no cursor");
    const { capacity = CAPACITY, onOverflow = "resync", signal } = options;
    let leave = (): Promise<void> => Promise.resolve();
    const subscription: Subscription<E | Resync> = new Subscription<E | Resync>({
      clock: this.#parts.api.http.clock,
      capacity,
      onOverflow,
      overflowed: () => ({ action: "resync", reason: "overflow", cursor: undefined }),
      overflowError: () => new HeadwaterError("overflow", `more than ${capacity} events waited`),
      onEnd: () => {
        this.#forget(subscription);
        return leave();
      },
      onCallbackError: (error) => this.#monitor.warning(toHeadwaterError(error)),
      signal,
    });
    this.#subscriptions.add(subscription);
    if (signal?.aborted) void subscription.unsubscribe();
    else void this.#join(wish, options, since, subscription, (left) => (leave = left));
    return subscription;
  }

  async #join<E>(
    { topic, query, check, read }: SubscriptionSpec<E>,
    { headers }: Pick<FollowOptions, "headers">,
    since: Cursor | undefined,
    subscription: Subscription<E | Resync>,
    onAdmitted: (leave: () => Promise<void>) => void,
  ): Promise<void> {
    const shared = subscriptionName(topic, query, headers);
    let place = since;
    if (check && !this.#session.has(shared)) {
      try {
        const cursor = await checkAccess(this.#parts.api, check, () => !subscription.ended);
        place ??= parseCursor(cursor ?? "");
      } catch (error) {
        return subscription.fail(toHeadwaterError(error));
      }
      if (subscription.ended) return;
    }
    // One that is there already is joined where it is, unless another place was asked for.
    const joins = this.#session.has(shared) && !since;
    const name = joins || !place ? shared : this.#freeName(topic, query, headers);
    const sink = this.#listenerFor(name, subscription, read);
    onAdmitted(() => this.#session.leave(name, sink));
    this.#session.join(name, sink, joins ? undefined : place);
  }

  #freeName(topic: string, query: Readonly<Record<string, string>>, headers: FollowOptions["headers"]): string {
    let name = subscriptionName(topic, query, headers);
    while (this.#session.isTaken(name)) {
      this.#replays += 1;
      name = subscriptionName(topic, { ...query, replay: String(this.#replays) }, headers);
    }
    return name;
  }

  #listenerFor<E>(
    name: string,
    subscription: Subscription<E | Resync>,
    read: SubscriptionSpec<E>["read"],
  ): SubscriptionListener {
    return {
      deliver: (data, cursor) => {
        const event = read(data, cursor);
        if (event !== undefined) return subscription.push(event);
        this.#session.malformed(new HeadwaterError("malformed", `${name}: no change`, { text: JSON.stringify(data) }));
      },
      resync: (resync) => {
        this.#monitor.resync(name, resync.reason);
        subscription.push(resync);
      },
      confirmed: () => subscription.confirm(),
      fail: (error) => subscription.fail(error),
    };
  }

  #forget(subscription: OpenSubscription): void {
    this.#monitor.dropped += subscription.dropped;
    this.#subscriptions.delete(subscription);
  }

  /** Those who still ask for leave are in no book: they are told from here. */
  #fail(error: HeadwaterError): void {
    for (const subscription of this.#subscriptions) subscription.fail(error);
  }
}
