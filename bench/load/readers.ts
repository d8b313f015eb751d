import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { SseStream } from "@headwater/testing/clients/sse-stream.ts";
import { openSocket } from "./socket-reader.ts";
import type { Groups } from "./groups.ts";
import { findStamps } from "./stamp.ts";
import { Tally, type TallyResult } from "./tally.ts";

/** What carries the events. */
export const TRANSPORTS = ["sse", "ws"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/**
 * Where subscribers connect. With a topic they speak PocketBase's protocol, or that of our WebSocket; without one the
 * stream, or the socket, is all there is.
 */
export interface Subscription {
  readonly url: string;
  /** An event stream unless it says otherwise. */
  readonly transport?: Transport;
  readonly topic?: string;
  /** Where each of them connects, and what for, by its number; the above where there is none. */
  readonly urls?: readonly string[];
  readonly topics?: readonly string[];
  /** Who they are, by their number; a guest where there is none. */
  readonly tokens?: readonly string[];
}

/** One subscriber's connection. */
export interface Stream {
  readonly bytes: number;
  readonly chunks: number;
  close(): void;
}

export interface PhaseResult extends TallyResult {
  /** Chunks of the transfer coding: what the server wrote with one call. 0 where there is none. */
  readonly chunks: number;
  readonly bytes: number;
}

const CONNECT_LANES = 64;
const SILENCE_MS = 10_000;

/** Many subscribers, and the tally of what they get. */
export class Readers {
  #streams: Stream[] = [];
  #tally = new Tally({ subscribers: 0, count: 1 });
  #before = { chunks: 0, bytes: 0 };
  /** The newest event that anybody got in this phase, and its place. */
  #newest = -1;
  #lastEventId = "";

  /** @param resume whether they say that they have seen everything up to the newest event */
  async open(subscription: Subscription, count: number, resume = false): Promise<void> {
    const since = resume ? this.#lastEventId : undefined;
    const first = this.#streams.length;
    this.#streams.length += count;
    await inParallel(count, CONNECT_LANES, async (index) => {
      this.#streams[first + index] = await this.#connect(subscription, first + index, since);
    });
  }

  /** From here on deliveries count. */
  begin(groups: Groups): void {
    this.#tally = new Tally(groups);
    this.#newest = -1;
    this.#before = this.#traffic();
  }

  /** @returns whether so many deliveries came; false when nothing has come for so long that nothing will */
  async reached(deliveries: number): Promise<boolean> {
    const reached = this.#tally.reached(deliveries).then(() => true);
    for (let seen = -1; seen !== this.#tally.delivered;) {
      seen = this.#tally.delivered;
      const silence = Promise.withResolvers<false>();
      const timer = setTimeout(() => silence.resolve(false), SILENCE_MS);
      const done = await Promise.race([reached, silence.promise]);
      clearTimeout(timer);
      if (done) return true;
    }
    return false;
  }

  /** @returns whether so many chunks came in this phase, of whatever; false when nothing has come for a while */
  async gotChunks(wanted: number): Promise<boolean> {
    for (let got = 0; got < wanted;) {
      await Bun.sleep(SILENCE_MS / 10);
      const now = this.#traffic().chunks - this.#before.chunks;
      if (now === got) return false;
      got = now;
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

  /** Connects, subscribes and leaves, over and over. @returns how often */
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
    return openSocket(subscription, subscriber, since, (text) => this.#take(text, subscriber, CURSOR) > 0);
  }

  /** @returns how many events were in it */
  #take(text: string, subscriber: number, place: RegExp): number {
    return findStamps(text, (stamp) => {
      this.#tally.add(subscriber, stamp);
      if (stamp.index > this.#newest) {
        this.#newest = stamp.index;
        this.#lastEventId = place.exec(text)?.[1] ?? "";
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
      const stamps = this.#take(block, subscriber, ID);
      if (stamps === 0 && block.includes("event:PB_CONNECT")) connected.resolve(ID.exec(block)?.[1]);
    };
    const headers: Record<string, string> = since === undefined ? {} : { "Last-Event-ID": since };
    const stream = await SseStream.open(urls?.[subscriber] ?? url, { onBlock }, headers);
    const own = topics?.[subscriber] ?? topic;
    if (own !== undefined) await subscribe(url, await connected.promise, own, tokens?.[subscriber]);
    return stream;
  }

  #traffic(): { chunks: number; bytes: number } {
    return {
      chunks: this.#streams.reduce((sum, stream) => sum + stream.chunks, 0),
      bytes: this.#streams.reduce((sum, stream) => sum + stream.bytes, 0),
    };
  }
}

/** Where a stream's event, and a WebSocket's message, have their place. */
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
  if (status !== 204) throw new Error(`a subscription was refused: ${status} ${text}`);
}
