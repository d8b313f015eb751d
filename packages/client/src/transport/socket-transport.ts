import {
  type ClientMessage,
  mayReconnect,
  parseServerMessage,
  type ServerMessage,
  SOCKET_PROTOCOL,
} from "@headwater/protocol";
import type { Clock } from "../clock.ts";
import { HeadwaterError } from "../errors.ts";
import { type PatternEntry, PatternMap } from "./pattern-map.ts";
import { outcomeOf, requestError } from "./socket-subscribe-outcome.ts";
import { sinceOf } from "./sse-subscribe.ts";
import type { Link, LinkListener, SubscribeOutcome, SubscribeRequest, Transport } from "./transport.ts";

export interface SocketOptions {
  /** The URL of the WebSocket, with `ws:` or `wss:`. */
  readonly address: string;
  readonly clock: Clock;
  /** Whether an invalid message ends the connection. Otherwise it is a warning. */
  readonly strict: boolean;
  /**
   * Whether to close the link if there are more subscriptions than a WebSocket allows, so that another transport is
   * used.
   */
  readonly closeWhenFull: boolean;
}

/** Headwater's WebSocket protocol: events and requests over one connection. */
export const socketTransport = (options: SocketOptions): Transport => ({
  name: "websocket",
  open: (listener) => new SocketLink(options, listener),
});

/** Silence before the client sends a ping. Browsers don't expose the server's pings. */
const PING_MS = 20_000;

/** A request that waits for its responses: one for each pattern, or one error for all. */
interface PendingRequest {
  readonly responses: ServerMessage[];
  readonly expected: number;
  readonly done: (responses: readonly ServerMessage[] | undefined) => void;
}

class SocketLink implements Link {
  readonly #listener: LinkListener;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #strict: boolean;
  readonly #closeWhenFull: boolean;
  readonly #patterns = new PatternMap();
  readonly #pending = new Map<number, PendingRequest>();
  #lastRequestId = 0;
  #token = "";
  #maxSubscriptions = Infinity;
  #greeted = false;
  #isEnded = false;
  #cancelPing: () => void = () => undefined;

  constructor({ address, clock, strict, closeWhenFull }: SocketOptions, listener: LinkListener) {
    this.#closeWhenFull = closeWhenFull;
    this.#listener = listener;
    this.#clock = clock;
    this.#strict = strict;
    this.#socket = new WebSocket(address, SOCKET_PROTOCOL);
    this.#socket.addEventListener("message", ({ data }) => this.#onMessage(String(data)));
    // Browsers report no details of an error, so the `close` event is enough.
    this.#socket.addEventListener("close", ({ code, reason }) => this.#onClose(code, reason));
  }

  async subscribe({ names, token, since }: SubscribeRequest): Promise<SubscribeOutcome> {
    if (token !== this.#token) {
      const responses = await this.#request({ type: "auth", token: token || null }, 1);
      const error = responses ? requestError(responses) : connectionLost();
      if (error) return error;
      this.#token = token;
    }
    if (this.#closeWhenFull && names.length > this.#maxSubscriptions) return this.#closeFull();
    const { added, removed } = this.#patterns.diff(names);
    // Subscribe first, so that a presence that moves to another name doesn't leave the room.
    const outcome = added.length > 0 ? await this.#subscribePatterns(added, since) : ACCEPTED;
    const error =
      outcome.kind === "accepted" && removed.length > 0 ? await this.#unsubscribePatterns(removed) : undefined;
    return error ?? outcome;
  }

  #closeFull(): SubscribeOutcome {
    const error = new HeadwaterError("overflow", `more than ${this.#maxSubscriptions} subscriptions on a WebSocket`);
    this.close();
    this.#listener.ended({ kind: "lost", error });
    return { kind: "gone", error };
  }

  async #subscribePatterns(
    added: readonly PatternEntry[],
    since: ReadonlyMap<string, string>,
  ): Promise<SubscribeOutcome> {
    this.#patterns.add(added);
    const pattern = added.map(([text]) => text);
    const responses = await this.#request(
      {
        type: "subscribe",
        pattern,
        ...sinceOf(
          added.map(([, name]) => name),
          since,
        ),
      },
      pattern.length,
    );
    if (!responses) return connectionLost();
    const outcome = outcomeOf(responses, added);
    if (outcome.kind !== "accepted") {
      // All or nothing: patterns that were accepted are requested again later, with a replay of what they missed.
      const accepted = responses.flatMap((response) => (response.type === "subscribed" ? response.pattern : []));
      const error = accepted.length > 0 ? await this.#unsubscribePatterns(accepted) : undefined;
      this.#patterns.remove(pattern);
      return error ?? outcome;
    }
    const cursor = responses
      .map((response) => (response.type === "subscribed" ? response.cursor : undefined))
      .find(Boolean);
    if (cursor !== undefined) this.#listener.cursor(cursor);
    return outcome;
  }

  close(): void {
    if (this.#isEnded) return;
    this.#end();
    this.#socket.close(1000);
  }

  async #unsubscribePatterns(patterns: readonly string[]): Promise<SubscribeOutcome | undefined> {
    const responses = await this.#request({ type: "unsubscribe", pattern: patterns }, patterns.length);
    const error = responses ? requestError(responses) : connectionLost();
    if (!error) this.#patterns.remove(patterns);
    return error;
  }

  /** @returns `undefined` if the connection ends before the response */
  #request(message: ClientMessage, expected: number): Promise<readonly ServerMessage[] | undefined> {
    if (this.#isEnded) return Promise.resolve(undefined);
    return new Promise((done) => {
      this.#lastRequestId += 1;
      this.#pending.set(this.#lastRequestId, { responses: [], expected, done });
      this.#socket.send(JSON.stringify({ ...message, id: this.#lastRequestId }));
    });
  }

  #onMessage(text: string): void {
    if (this.#isEnded) return;
    this.#listener.bytes(text.length);
    this.#schedulePing();
    const message = this.#parse(text);
    if (message) this.#handle(message);
  }

  #parse(text: string): ServerMessage | undefined {
    try {
      return parseServerMessage(text);
    } catch {
      const error = new HeadwaterError("malformed", "a message is not JSON", { text });
      if (!this.#strict) this.#listener.warning(error);
      else {
        this.close();
        this.#listener.ended({ kind: "refused", error });
      }
      return undefined;
    }
  }

  #handle(message: ServerMessage): void {
    switch (message.type) {
      case "connected":
        this.#greeted = true;
        this.#maxSubscriptions = message.limits.subscriptions;
        this.#listener.opened(message.connectionId);
        this.#listener.cursor(message.cursor);
        return;
      case "record_event":
      case "custom_event":
      case "presence":
      case "resync":
        for (const event of this.#patterns.eventsOf(message)) if (!this.#isEnded) this.#listener.event(event);
        return;
      case "heartbeat":
        return this.#listener.cursor(message.cursor);
      case "pong":
      // Never requested.
      case "sync":
        return;
      case "subscribed":
      case "unsubscribed":
      case "authenticated":
      case "error":
        return this.#onResponse(message);
    }
  }

  #onResponse(message: ServerMessage & { readonly id?: string | number }): void {
    const request = this.#pending.get(Number(message.id));
    if (!request) return;
    request.responses.push(message);
    const isForAll = message.type === "error" && message.pattern === undefined;
    if (!isForAll && request.responses.length < request.expected) return;
    this.#pending.delete(Number(message.id));
    request.done(request.responses);
  }

  #schedulePing(): void {
    this.#cancelPing();
    const ping = (): void => {
      this.#socket.send(JSON.stringify({ type: "ping" } satisfies ClientMessage));
      this.#schedulePing();
    };
    this.#cancelPing = this.#clock.timer(PING_MS, ping, { background: true });
  }

  #onClose(code: number, reason: string): void {
    if (this.#isEnded) return;
    const wasGreeted = this.#greeted;
    this.#end();
    const error = new HeadwaterError("network", `the connection was closed (${code}${reason && `, ${reason}`})`);
    // Before `connected`, a proxy may have closed it.
    this.#listener.ended({ kind: !wasGreeted || mayReconnect(code) ? "lost" : "refused", error });
  }

  #end(): void {
    this.#isEnded = true;
    this.#cancelPing();
    for (const { done } of this.#pending.values()) done(undefined);
    this.#pending.clear();
  }
}

const ACCEPTED: SubscribeOutcome = { kind: "accepted" };

const connectionLost = (): SubscribeOutcome => ({
  kind: "gone",
  error: new HeadwaterError("network", "the connection ended before the response"),
});
