import { cursorScope } from "@headwater/protocol";
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

/** The topic of a subscription, how to check access to it, and how to parse its data. */
interface SubscriptionSpec<E> {
  readonly topic: string;
  readonly query: Readonly<Record<string, string>>;
  readonly check: AccessCheck | undefined;
  /** @returns `undefined` if the data is not of this subscription's kind */
  readonly parse: (data: unknown, cursor: string | undefined) => E | undefined;
}

interface JoinListener {
  /** The access check failed, and is tried again. */
  readonly onCheckFailure: (error: HeadwaterError) => void;
  readonly onJoined: (leave: () => Promise<void>) => void;
}

/** A subscription, whatever its event type. */
type OpenSubscription = Pick<Subscription<never>, "queued" | "dropped" | "fail">;

/** All subscriptions of a client, over one connection that is open while there are any. */
export class Realtime<Schema extends SchemaOf<Schema> = AnySchema> {
  readonly #dependencies: RealtimeDependencies;
  readonly #monitor = new Monitor();
  readonly #session: RealtimeSession;
  readonly #subscriptions = new Set<OpenSubscription>();
  #replays = 0;

  constructor(dependencies: RealtimeDependencies) {
    this.#dependencies = dependencies;
    this.#session = new RealtimeSession(dependencies, this.#monitor, (error) => this.#fail(error));
  }

  get state(): ConnectionState {
    return this.#session.state;
  }

  /** The server's id for the current connection; "" while there is none. */
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
      queued: open.reduce((sum, { queued }) => sum + queued, 0),
      dropped: open.reduce((sum, { dropped }) => sum + dropped, this.#monitor.dropped),
    };
  }

  /** Calls the listener on each event of the connection. @returns a function that removes the listener */
  monitor(listener: (event: MonitorEvent) => void): () => void {
    return this.#monitor.listen(listener);
  }

  /** Subscribes to all changes of a collection's records that match the list rule and the filter. */
  subscribeToCollection<Name extends keyof Schema & string>(
    collection: Name,
    options?: SubscribeOptions<Schema[Name]["record"]>,
  ): Subscription<SubscriptionEvent<Schema[Name]["record"]>> {
    return this.follow(collection, "*", options);
  }

  /** Subscribes to all changes of one record that match the view rule. */
  subscribeToRecord<Name extends keyof Schema & string>(
    collection: Name,
    id: string,
    options?: SubscribeOptions<Schema[Name]["record"]>,
  ): Subscription<SubscriptionEvent<Schema[Name]["record"]>> {
    return this.follow(collection, id, options);
  }

  /** Subscribes to a topic, such as a custom channel. Data that is not JSON is passed on as text. */
  subscribe(topic: string, options: FollowOptions = {}): Subscription<Message | Resync> {
    return this.#subscribe({ topic, query: topicQuery(options), check: undefined, parse: toMessage }, options);
  }

  /** Ends all subscriptions and the connection. Loops over subscriptions end with an `aborted` error. */
  close(): void {
    const error = aborted();
    this.#fail(error);
    this.#session.close(error);
  }

  /** Subscribes to a collection (`id` is `*`) or to a record, without a schema. */
  follow<T>(collection: string, id: string, options: FollowOptions = {}): Subscription<SubscriptionEvent<T>> {
    const check = id === "*" ? listAccessCheck(collection, options) : recordAccessCheck(collection, id, options);
    return this.#subscribe(
      {
        topic: `${collection}/${id}`,
        // PocketBase ignores `transitions`.
        query: { transitions: "enter-leave", ...topicQuery(options) },
        check: options.check === false ? undefined : check,
        parse: (data, cursor) => toRecordEvent<T>(data, cursor),
      },
      options,
    );
  }

  #subscribe<E>(spec: SubscriptionSpec<E>, options: FollowOptions): Subscription<E | Resync> {
    const { since } = options;
    if (since !== undefined && !cursorScope(since)) throw new HeadwaterError("invalid", "`since` is not a cursor");
    const { capacity = CAPACITY, onOverflow = "resync", signal } = options;
    let leave = (): Promise<void> => Promise.resolve();
    let checkFailure: HeadwaterError | undefined;
    const subscription: Subscription<E | Resync> = new Subscription<E | Resync>({
      clock: this.#dependencies.api.http.clock,
      capacity,
      onOverflow,
      overflowed: () => ({ action: "resync", reason: "overflow", cursor: undefined }),
      overflowError: () =>
        new HeadwaterError("overflow", `the app read too slowly: more than ${capacity} events are queued`),
      onEnd: () => {
        this.#forget(subscription);
        return leave();
      },
      waitingFor: () => checkFailure ?? this.#session.failure,
      onCallbackError: (error) => this.#monitor.warning(toHeadwaterError(error)),
      signal,
    });
    this.#subscriptions.add(subscription);
    if (signal?.aborted) void subscription.unsubscribe();
    else
      void this.#join(spec, options, since, subscription, {
        onCheckFailure: (error) => (checkFailure = error),
        onJoined: (onLeave) => ([leave, checkFailure] = [onLeave, undefined]),
      });
    return subscription;
  }

  async #join<E>(
    { topic, query, check, parse }: SubscriptionSpec<E>,
    { headers }: Pick<FollowOptions, "headers">,
    since: string | undefined,
    subscription: Subscription<E | Resync>,
    { onCheckFailure, onJoined }: JoinListener,
  ): Promise<void> {
    const sharedName = subscriptionName(topic, query, headers);
    let start = since;
    if (check && !this.#session.has(sharedName)) {
      try {
        const cursor = await checkAccess(this.#dependencies.api, check, () => !subscription.ended, onCheckFailure);
        if (cursorScope(cursor)) start ??= cursor;
      } catch (error) {
        return subscription.fail(toHeadwaterError(error));
      }
      if (subscription.ended) return;
    }
    // Joins an existing subscription at its current cursor, unless the app asked for another one.
    const isShared = this.#session.has(sharedName) && !since;
    const name = isShared || !start ? sharedName : this.#freeName(topic, query, headers);
    const listener = this.#listenerFor(name, subscription, parse);
    onJoined(() => this.#session.leave(name, listener));
    this.#session.join(name, listener, isShared ? undefined : start);
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
    parse: SubscriptionSpec<E>["parse"],
  ): SubscriptionListener {
    return {
      deliver: (data, cursor) => {
        const event = parse(data, cursor);
        if (event !== undefined) return subscription.push(event);
        this.#session.malformed(
          new HeadwaterError("malformed", `the data of an event for ${name} is not a record change`, {
            text: JSON.stringify(data),
          }),
        );
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

  /** Also ends subscriptions that still wait for their access check, which the session doesn't know. */
  #fail(error: HeadwaterError): void {
    for (const subscription of this.#subscriptions) subscription.fail(error);
  }
}
