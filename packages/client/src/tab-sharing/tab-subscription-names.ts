import { parseSubscription } from "@headwater/protocol";
import { subscriptionName } from "../realtime/topic.ts";

/**
 * What one tab's subscriptions are called on a connection that it shares. Who wants what was missed needs a subscription
 * of its own: a server replays nothing for one that it has. So the second tab and those after it write their number
 * into the options of such; the first, mostly the only one, does not, and shares the server's work with other users'.
 */
export class TabSubscriptionNames {
  readonly #tabNumber: number;
  readonly #serverNames = new Map<string, string>();
  readonly #localNames = new Map<string, string>();

  /** @param slot 1 for the first tab of the connection */
  constructor(slot: number) {
    this.#tabNumber = slot;
  }

  /** @param hasPlace whether the request asks for what was missed; it counts when the name is new */
  toServer(name: string, hasPlace: boolean): string {
    let outward = this.#serverNames.get(name);
    if (outward === undefined) {
      outward = hasPlace && this.#tabNumber > 1 ? this.#addTabNumber(name) : name;
      this.#serverNames.set(name, outward);
      this.#localNames.set(outward, name);
    }
    return outward;
  }

  fromServer(name: string): string | undefined {
    return this.#localNames.get(name);
  }

  #addTabNumber(name: string): string {
    const { topic, options } = parseSubscription(name);
    // Topics that are no records' may be matched by their whole text, and have nothing to be replayed.
    if (!topic.includes("/")) return name;
    return subscriptionName(topic, { ...options.query, tab: String(this.#tabNumber) }, options.headers);
  }
}
