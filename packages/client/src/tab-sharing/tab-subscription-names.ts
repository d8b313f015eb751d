import { parseSubscription } from "@headwater/protocol";
import { subscriptionName } from "../realtime/topic.ts";

/**
 * The names of one tab's subscriptions on a shared connection. The server replays nothing for a name that it already
 * has, so a tab that needs a replay needs a name of its own: from the second tab on, the tab's number is added to the
 * options. The first tab, usually the only one, keeps the plain names, so that the server can share audiences with
 * other users.
 */
export class TabSubscriptionNames {
  readonly #tabNumber: number;
  readonly #serverNames = new Map<string, string>();
  readonly #localNames = new Map<string, string>();

  /** @param tabNumber 1 for the first tab of the connection */
  constructor(tabNumber: number) {
    this.#tabNumber = tabNumber;
  }

  /** @param hasCursor whether the request asks for a replay; only matters if the name is new */
  toServer(name: string, hasCursor: boolean): string {
    let serverName = this.#serverNames.get(name);
    if (serverName === undefined) {
      serverName = hasCursor && this.#tabNumber > 1 ? this.#addTabNumber(name) : name;
      this.#serverNames.set(name, serverName);
      this.#localNames.set(serverName, name);
    }
    return serverName;
  }

  fromServer(name: string): string | undefined {
    return this.#localNames.get(name);
  }

  #addTabNumber(name: string): string {
    const { topic, options } = parseSubscription(name);
    // Custom topics may be matched by their whole text, and have no replay.
    if (!topic.includes("/")) return name;
    return subscriptionName(topic, { ...options.query, tab: String(this.#tabNumber) }, options.headers);
  }
}
