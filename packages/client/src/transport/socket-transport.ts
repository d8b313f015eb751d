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
import type { Link, LinkListener, SubscribeOutcome, SubscribeRequest, Transport } from "./transport.ts";

export interface SocketOptions {
  /** The server's, with `ws:` or `wss:`. */
  readonly address: string;
  readonly clock: Clock;
  /** Whether a message that can't be read ends the connection; otherwise it is a warning. */
  readonly strict: boolean;
  /** Whether to leave, for a transport that takes more, when there are more subscriptions than the server takes here. */
  readonly closeWhenFull: boolean;
}

/** Headwater's protocol over a WebSocket: what the stream carries, and the requests beside it, on one connection. */
export const socketTransport = (options: SocketOptions): Transport => ({
  name: "websocket",
  open: (listener) => new SocketLink(options, listener),
});

/** Silence after which the server is asked for a word: its own pings are not told to us. */
const PING_MS = 20_000;

/** A request whose answers are not all there: one for each pattern, or one for all. */
interface PendingRequest {
  readonly responses: ServerMessage[];
  readonly expected: number;
  readonly done: (answers: readonly ServerMessage[] | undefined) => void;
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
    // What went wrong is never said, only that it is over.
    this.#socket.addEventListener("close", ({ code, reason }) => this.#onClose(code, reason));
  }

  async subscribe({ names, token, since }: SubscribeRequest): Promise<SubscribeOutcome> {
    if (token !== this.#token) {
      const answers = await this.#request({ type: "auth", token: token || null }, 1);
      const error = answers ? requestError(answers) : connectionLost();
      if (error) return error;
      this.#token = token;
    }
    if (this.#closeWhenFull && names.length > this.#maxSubscriptions) return this.#closeFull();
    const { added, left } = this.#patterns.diff(names);
    // In this order: who is present under another name now was never away.
    const outcome = added.length > 0 ? await this.#subscribePatterns(added, since) : ACCEPTED;
    const error = outcome.kind === "accepted" && left.length > 0 ? await this.#unsubscribePatterns(left) : undefined;
    return error ?? outcome;
  }

  #closeFull(): SubscribeOutcome {
    const error = new HeadwaterError("overflow", `more than ${this.#maxSubscriptions} subscriptions`);
    this.close();
    this.#listener.ended({ kind: "lost", error });
    return { kind: "gone", error };
  }

  async #subscribePatterns(added: readonly PatternEntry[], since: string | undefined): Promise<SubscribeOutcome> {
    this.#patterns.add(added);
    const pattern = added.map(([one]) => one);
    const answers = await this.#request(
      { type: "subscribe", pattern, ...(since !== undefined && { since }) },
      pattern.length,
    );
    if (!answers) return connectionLost();
    const outcome = outcomeOf(answers, added);
    if (outcome.kind !== "accepted") {
      // All or nothing: those that were granted must be asked for again, with what they have missed.
      const granted = answers.flatMap((answer) => (answer.type === "subscribed" ? answer.pattern : []));
      const error = granted.length > 0 ? await this.#unsubscribePatterns(granted) : undefined;
      this.#patterns.remove(pattern);
      return error ?? outcome;
    }
    const place = answers.map((answer) => (answer.type === "subscribed" ? answer.cursor : undefined)).find(Boolean);
    if (place !== undefined) this.#listener.cursor(place);
    return outcome;
  }

  close(): void {
    if (this.#isEnded) return;
    this.#end();
    this.#socket.close(1000);
  }

  async #unsubscribePatterns(patterns: readonly string[]): Promise<SubscribeOutcome | undefined> {
    const answers = await this.#request({ type: "unsubscribe", pattern: patterns }, patterns.length);
    const error = answers ? requestError(answers) : connectionLost();
    if (!error) this.#patterns.remove(patterns);
    return error;
  }

  /** @returns undefined when the connection ended before the answer */
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
      const error = new HeadwaterError("malformed", "a message is no JSON", { text });
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
      // It never asks for it.
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
    const question = this.#pending.get(Number(message.id));
    if (!question) return;
    question.responses.push(message);
    const isAboutAll = message.type === "error" && message.pattern === undefined;
    if (!isAboutAll && question.responses.length < question.expected) return;
    this.#pending.delete(Number(message.id));
    question.done(question.responses);
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
    // Before the greeting it may be anybody who has closed it.
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
  error: new HeadwaterError("network", "the connection ended before the answer"),
});
