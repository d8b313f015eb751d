import { request } from "../../packages/server/test/support/request.ts";
import { SseStream } from "../../packages/server/test/support/sse-stream.ts";
import { inParallel } from "../../packages/server/test/support/in-parallel.ts";
import { findStamp } from "./stamp.ts";
import { Tally, type TallyResult } from "./tally.ts";

/** Where subscribers connect. With a topic they speak PocketBase's protocol, without one the stream is all there is. */
export interface SubscriptionTarget {
  readonly url: string;
  readonly topic?: string;
}

const CONNECT_LANES = 64;
const SILENCE_MS = 5000;

/** Many subscribers of one topic, and the tally of what they get. */
export class Readers {
  readonly #streams: SseStream[] = [];
  #tally = new Tally(0, 0);

  async open(target: SubscriptionTarget, count: number): Promise<void> {
    await inParallel(count, CONNECT_LANES, async () => {
      const subscriber = this.#streams.length;
      const connected = Promise.withResolvers<string | undefined>();
      const stream = SseStream.open(target.url, {
        onBlock: (block) => {
          const stamp = findStamp(block);
          if (stamp) this.#tally.add(subscriber, stamp);
          else if (block.includes("event:PB_CONNECT")) connected.resolve(/^id:(\w+)/m.exec(block)?.[1]);
        },
      });
      this.#streams.length += 1;
      this.#streams[subscriber] = await stream;
      if (target.topic !== undefined) await subscribe(target.url, await connected.promise, target.topic);
    });
  }

  begin(events: number): void {
    this.#tally = new Tally(this.#streams.length, events);
  }

  /** Waits for the last delivery, or until nothing has come for so long that nothing will. */
  async finish(): Promise<TallyResult> {
    let seen = -1;
    while (!this.#tally.complete && this.#tally.lastAt !== seen) {
      seen = this.#tally.lastAt;
      for (let waited = 0; waited < SILENCE_MS && !this.#tally.complete; waited += 10) await Bun.sleep(10);
    }
    return this.#tally.result();
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams.length = 0;
  }
}

async function subscribe(url: string, clientId: string | undefined, topic: string): Promise<void> {
  const { origin, pathname } = new URL(url);
  const { status, text } = await request(origin, "POST", pathname, { body: { clientId, subscriptions: [topic] } });
  if (status !== 204) throw new Error(`a subscription was refused: ${status} ${text}`);
}
