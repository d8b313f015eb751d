import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { SseStream } from "@headwater/testing/clients/sse-stream.ts";
import { openSocket } from "./socket-reader.ts";
import type { Stream, Subscription } from "./subscription.ts";
import type { Groups } from "./groups.ts";
import { findProbes } from "./probe.ts";
import { Tally, type TallyResult } from "./tally.ts";

export interface PhaseResult extends TallyResult {
  /** HTTP chunks, one for each write of the server. 0 without chunked encoding. */
  readonly chunks: number;
  readonly bytes: number;
}

const CONNECT_CONCURRENCY = 64;
const IDLE_TIMEOUT_MS = 10_000;

/** Many subscribers, and the tally of what they receive. */
export class Readers {
  #streams: Stream[] = [];
  #tally = new Tally({ subscribers: 0, count: 1 });
  #before = { chunks: 0, bytes: 0 };
  /** The newest event received in this phase, and its cursor. */
  #newest = -1;
  #lastEventId = "";

  /** @param resume whether they resume after the newest event */
  async open(subscription: Subscription, count: number, resume = false): Promise<void> {
    const since = resume ? this.#lastEventId : undefined;
    const first = this.#streams.length;
    this.#streams.length += count;
    await inParallel(count, CONNECT_CONCURRENCY, async (index) => {
      this.#streams[first + index] = await this.#connect(subscription, first + index, since);
    });
  }

  /** Starts a phase: counts deliveries from now on. */
  begin(groups: Groups): void {
    this.#tally = new Tally(groups);
    this.#newest = -1;
    this.#before = this.#traffic();
  }

  /** @returns true once this many deliveries have arrived; false if nothing arrives for too long */
  async reached(deliveries: number): Promise<boolean> {
    const reached = this.#tally.reached(deliveries).then(() => true);
    for (let before = -1; before !== this.#tally.delivered;) {
      before = this.#tally.delivered;
      const idle = Promise.withResolvers<false>();
      const timer = setTimeout(() => idle.resolve(false), IDLE_TIMEOUT_MS);
      const done = await Promise.race([reached, idle.promise]);
      clearTimeout(timer);
      if (done) return true;
    }
    return false;
  }

  /** @returns true once this many chunks of any kind have arrived in this phase; false if nothing arrives for a while */
  async receivedChunks(wanted: number): Promise<boolean> {
    for (let received = 0; received < wanted;) {
      await Bun.sleep(IDLE_TIMEOUT_MS / 10);
      const now = this.#traffic().chunks - this.#before.chunks;
      if (now === received) return false;
      received = now;
    }
    return true;
  }

  finish(events: number): PhaseResult {
    const { chunks, bytes } = this.#traffic();
    return {
      ...this.#tally.result(events),
      chunks: chunks - this.#before.chunks,
      bytes: bytes - this.#before.bytes,
    };
  }

  close(): void {
    for (const stream of this.#streams) stream.close();
    this.#streams = [];
  }

  /** Repeatedly connects, subscribes and disconnects. @returns the number of cycles */
  async churn(subscription: Subscription, milliseconds: number, lanes: number): Promise<number> {
    const end = performance.now() + milliseconds;
    let cycles = 0;
    const lane = async (): Promise<void> => {
      while (performance.now() < end) {
        (await this.#connect(subscription, 0, undefined)).close();
        cycles += 1;
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return cycles;
  }

  #connect(subscription: Subscription, subscriber: number, since: string | undefined): Promise<Stream> {
    if (subscription.transport !== "ws") return this.#connectStream(subscription, subscriber, since);
    return openSocket(subscription, subscriber, since, (text) => this.#countProbes(text, subscriber, CURSOR) > 0);
  }

  /** @returns the number of events in the text */
  #countProbes(text: string, subscriber: number, cursorPattern: RegExp): number {
    return findProbes(text, (probe) => {
      this.#tally.add(subscriber, probe);
      if (probe.index > this.#newest) {
        this.#newest = probe.index;
        this.#lastEventId = cursorPattern.exec(text)?.[1] ?? "";
      }
    });
  }

  async #connectStream(
    { url, urls, topic, topics, tokens }: Subscription,
    subscriber: number,
    since: string | undefined,
  ): Promise<Stream> {
    const connected = Promise.withResolvers<string | undefined>();
    const onBlock = (block: string): void => {
      const probes = this.#countProbes(block, subscriber, ID);
      if (probes === 0 && block.includes("event:PB_CONNECT")) connected.resolve(ID.exec(block)?.[1]);
    };
    const headers: Record<string, string> = since === undefined ? {} : { "Last-Event-ID": since };
    const stream = await SseStream.open(urls?.[subscriber] ?? url, { onBlock }, headers);
    const ownTopic = topics?.[subscriber] ?? topic;
    if (ownTopic !== undefined) await subscribe(url, await connected.promise, ownTopic, tokens?.[subscriber]);
    return stream;
  }

  #traffic(): { chunks: number; bytes: number } {
    return {
      chunks: this.#streams.reduce((sum, stream) => sum + stream.chunks, 0),
      bytes: this.#streams.reduce((sum, stream) => sum + stream.bytes, 0),
    };
  }
}

/** Match the cursor of an event-stream event and of a WebSocket message. */
const ID = /^id: ?(.+)$/m;
const CURSOR = /"cursor":"([^"]+)"/;

async function subscribe(
  url: string,
  clientId: string | undefined,
  topic: string,
  token: string | undefined,
): Promise<void> {
  const { origin, pathname } = new URL(url);
  const body = { clientId, subscriptions: [topic] };
  const { status, text } = await request(origin, "POST", pathname, { token, body });
  if (status !== 204) throw new Error(`a subscription was rejected: ${status} ${text}`);
}
