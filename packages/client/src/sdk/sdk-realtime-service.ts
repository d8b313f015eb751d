import { notify } from "../notify.ts";
import type { Resync } from "../realtime/events.ts";
import type { Message } from "../realtime/messages.ts";
import type { Realtime } from "../realtime/realtime.ts";
import type { Subscription } from "../realtime/subscription.ts";

interface SdkOptions {
  readonly query?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly [param: string]: unknown;
}

type Callback = (data: unknown) => void;

interface SdkSubscription {
  readonly topic: string;
  readonly callback: Callback;
  readonly subscription: Subscription<Message | Resync> | undefined;
}

/** The SDK's own options, which are not query parameters. */
const SEND_OPTIONS = new Set(["query", "headers", "method", "body", "fetch", "requestKey", "params", "signal"]);

/** Replaces the SDK's `RealtimeService`, with the same methods, over this package's connection. */
export class SdkRealtimeService {
  /** Called when the connection is lost or closed, with the active subscriptions. */
  onDisconnect: ((activeSubscriptions: string[]) => void) | undefined;
  readonly #realtime: Realtime;
  readonly #subscriptions = new Set<SdkSubscription>();

  constructor(realtime: Realtime) {
    this.#realtime = realtime;
    let wasOpen = false;
    realtime.monitor((event) => {
      if (event.kind === "connected") {
        const callbacks = this.#byTopic("PB_CONNECT").map(({ callback }) => callback);
        notify(callbacks, { clientId: this.clientId });
      }
      if (event.kind !== "state") return;
      const isLost = wasOpen && event.state.kind !== "open";
      wasOpen = event.state.kind === "open";
      if (isLost) this.onDisconnect?.([...realtime.names]);
    });
  }

  get clientId(): string {
    return this.#realtime.clientId;
  }

  get isConnected(): boolean {
    return this.clientId !== "";
  }

  /** Resolves when the server has accepted the subscription. */
  async subscribe(topic: string, callback: Callback, options: SdkOptions = {}): Promise<() => Promise<void>> {
    if (topic === "") throw new Error("topic must be set.");
    const subscription = topic === "PB_CONNECT" ? undefined : this.#subscribeTopic(topic, callback, options);
    const entry: SdkSubscription = { topic, callback, subscription };
    this.#subscriptions.add(entry);
    try {
      await subscription?.ready;
    } catch (error) {
      this.#subscriptions.delete(entry);
      throw error;
    }
    return () => this.#remove([entry]);
  }

  /** Without a topic, removes all subscriptions. */
  unsubscribe(topic?: string): Promise<void> {
    return this.#remove(topic === undefined || topic === "" ? [...this.#subscriptions] : this.#byTopic(topic));
  }

  unsubscribeByPrefix(prefix: string): Promise<void> {
    return this.#remove([...this.#subscriptions].filter(({ topic }) => topic.startsWith(prefix)));
  }

  unsubscribeByTopicAndListener(topic: string, listener: Callback): Promise<void> {
    return this.#remove(this.#byTopic(topic).filter(({ callback }) => callback === listener));
  }

  #subscribeTopic(topic: string, callback: Callback, { headers, ...rest }: SdkOptions): Subscription<Message | Resync> {
    const subscription = this.#realtime.subscribe(topic, { query: queryOf(rest), headers });
    return subscription.forEach((event) => {
      // The SDK has no resync event: its apps reload on PB_CONNECT.
      if (event.action === "message") callback(event.data);
    });
  }

  #byTopic(topic: string): SdkSubscription[] {
    return [...this.#subscriptions].filter((entry) => entry.topic === topic);
  }

  async #remove(entries: readonly SdkSubscription[]): Promise<void> {
    for (const entry of entries) this.#subscriptions.delete(entry);
    await Promise.all(entries.map(async ({ subscription }) => subscription?.unsubscribe()));
  }
}

/** As in the SDK, every option that isn't one of its own is a query parameter. */
function queryOf({ query, ...rest }: Omit<SdkOptions, "headers">): Record<string, string> {
  const params = Object.entries(rest).filter(([name]) => !SEND_OPTIONS.has(name));
  const given = [...Object.entries(query ?? {}), ...params].filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return Object.fromEntries(
    given.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}
