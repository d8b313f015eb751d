import { parseSubscription } from "@headwater/protocol";
import { nameOf } from "../realtime/topic.ts";

/**
 * What one tab's subscriptions are called on a connection that it shares. Who wants what was missed needs a subscription
 * of its own: a server replays nothing for one that it has. So the second tab and those after it write their number
 * into the options of such; the first, mostly the only one, does not, and shares the server's work with other users'.
 */
export class SlotNames {
  readonly #slot: number;
  readonly #outward = new Map<string, string>();
  readonly #inward = new Map<string, string>();

  /** @param slot 1 for the first tab of the connection */
  constructor(slot: number) {
    this.#slot = slot;
  }

  /** @param hasPlace whether the request asks for what was missed; it counts when the name is new */
  outward(name: string, hasPlace: boolean): string {
    let outward = this.#outward.get(name);
    if (outward === undefined) {
      outward = hasPlace && this.#slot > 1 ? this.#mark(name) : name;
      this.#outward.set(name, outward);
      this.#inward.set(outward, name);
    }
    return outward;
  }

  inward(name: string): string | undefined {
    return this.#inward.get(name);
  }

  #mark(name: string): string {
    const { topic, options } = parseSubscription(name);
    // Topics that are no records' may be matched by their whole text, and have nothing to be replayed.
    if (!topic.includes("/")) return name;
    return nameOf(topic, { ...options.query, tab: String(this.#slot) }, options.headers);
  }
}
