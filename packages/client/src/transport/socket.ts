import {
  type ClientMessage,
  mayComeBack,
  parseServerMessage,
  type ServerMessage,
  SOCKET_PROTOCOL,
} from "@headwater/protocol";
import type { Clock } from "../clock.ts";
import { HeadwaterError } from "../errors.ts";
import { type PatternName, SocketNames } from "./socket-names.ts";
import { outcomeOf, requestError } from "./socket-outcome.ts";
import type { Link, LinkListener, SubscribeOutcome, SubscribeRequest, Transport } from "./transport.ts";

export interface SocketOptions {
  /** The server's, with `ws:` or `wss:`. */
  readonly address: string;
  readonly clock: Clock;
  /** Whether a message that can't be read ends the connection; otherwise it is a warning. */
  readonly strict: boolean;
  /** Whether to leave, for a transport that takes more, when there are more subscriptions than the server takes here. */
  readonly leaveWhenFull: boolean;
}

/** Headwater's protocol over a WebSocket: what the stream carries, and the requests beside it, on one connection. */
export const socketTransport = (options: SocketOptions): Transport => ({
  name: "websocket",
  open: (listener) => new SocketLink(options, listener),
});

/** Silence after which the server is asked for a word: its own pings are not told to us. */
const PING_MS = 20_000;

/** A request whose answers are not all there: one for each pattern, or one for all. */
interface Question {
  readonly answers: ServerMessage[];
  readonly expected: number;
  readonly done: (answers: readonly ServerMessage[] | undefined) => void;
}

class SocketLink implements Link {
  readonly #listener: LinkListener;
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #strict: boolean;
  readonly #leaveWhenFull: boolean;
  readonly #names = new SocketNames();
  readonly #questions = new Map<number, Question>();
  #asked = 0;
  #token = "";
  #room = Infinity;
  #greeted = false;
  #over = false;
  #stopPinging: () => void = () => undefined;

  constructor({ address, clock, strict, leaveWhenFull }: SocketOptions, listener: LinkListener) {
    this.#leaveWhenFull = leaveWhenFull;
    this.#listener = listener;
    this.#clock = clock;
    this.#strict = strict;
    this.#socket = new WebSocket(address, SOCKET_PROTOCOL);
    this.#socket.addEventListener("message", ({ data }) => this.#hear(String(data)));
    // What went wrong is never said, only that it is over.
    this.#socket.addEventListener("close", ({ code, reason }) => this.#closed(code, reason));
  }

  async subscribe({ names, token, since }: SubscribeRequest): Promise<SubscribeOutcome> {
    if (token !== this.#token) {
      const answers = await this.#ask({ type: "auth", token: token || null }, 1);
      const error = answers ? requestError(answers) : gone();
      if (error) return error;
      this.#token = token;
    }
    if (this.#leaveWhenFull && names.length > this.#room) return this.#leaveFull();
    const { added, left } = this.#names.compare(names);
    // In this order: who is present under another name now was never away.
    const outcome = added.length > 0 ? await this.#enter(added, since) : ACCEPTED;
    const error = outcome.kind === "accepted" && left.length > 0 ? await this.#leave(left) : undefined;
    return error ?? outcome;
  }

  #leaveFull(): SubscribeOutcome {
    const error = new HeadwaterError("overflow", `more than ${this.#room} subscriptions`);
    this.close();
    this.#listener.ended({ kind: "lost", error });
    return { kind: "gone", error };
  }

  async #enter(added: readonly PatternName[], since: string | undefined): Promise<SubscribeOutcome> {
    this.#names.add(added);
    const pattern = added.map(([one]) => one);
    const answers = await this.#ask(
      { type: "subscribe", pattern, ...(since !== undefined && { since }) },
      pattern.length,
    );
    if (!answers) return gone();
    const outcome = outcomeOf(answers, added);
    if (outcome.kind !== "accepted") {
      // All or nothing: those that were granted must be asked for again, with what they have missed.
      const granted = answers.flatMap((answer) => (answer.type === "subscribed" ? answer.pattern : []));
      const error = granted.length > 0 ? await this.#leave(granted) : undefined;
      this.#names.drop(pattern);
      return error ?? outcome;
    }
    const place = answers.map((answer) => (answer.type === "subscribed" ? answer.cursor : undefined)).find(Boolean);
    if (place !== undefined) this.#listener.place(place);
    return outcome;
  }

  close(): void {
    if (this.#over) return;
    this.#end();
    this.#socket.close(1000);
  }

  async #leave(patterns: readonly string[]): Promise<SubscribeOutcome | undefined> {
    const answers = await this.#ask({ type: "unsubscribe", pattern: patterns }, patterns.length);
    const error = answers ? requestError(answers) : gone();
    if (!error) this.#names.drop(patterns);
    return error;
  }

  /** @returns undefined when the connection ended before the answer */
  #ask(message: ClientMessage, expected: number): Promise<readonly ServerMessage[] | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    return new Promise((done) => {
      this.#asked += 1;
      this.#questions.set(this.#asked, { answers: [], expected, done });
      this.#socket.send(JSON.stringify({ ...message, id: this.#asked }));
    });
  }

  #hear(text: string): void {
    if (this.#over) return;
    this.#listener.bytes(text.length);
    this.#pingLater();
    const message = this.#parse(text);
    if (message) this.#take(message);
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

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "connected":
        this.#greeted = true;
        this.#room = message.limits.subscriptions;
        this.#listener.opened(message.connectionId);
        this.#listener.place(message.cursor);
        return;
      case "record_event":
      case "custom_event":
      case "presence":
      case "resync":
        for (const event of this.#names.eventsOf(message)) if (!this.#over) this.#listener.event(event);
        return;
      case "heartbeat":
        return this.#listener.place(message.cursor);
      case "pong":
      // It never asks for it.
      case "sync":
        return;
      case "subscribed":
      case "unsubscribed":
      case "authenticated":
      case "error":
        return this.#answer(message);
    }
  }

  #answer(message: ServerMessage & { readonly id?: string | number }): void {
    const question = this.#questions.get(Number(message.id));
    if (!question) return;
    question.answers.push(message);
    const isAboutAll = message.type === "error" && message.pattern === undefined;
    if (!isAboutAll && question.answers.length < question.expected) return;
    this.#questions.delete(Number(message.id));
    question.done(question.answers);
  }

  #pingLater(): void {
    this.#stopPinging();
    const ping = (): void => {
      this.#socket.send(JSON.stringify({ type: "ping" } satisfies ClientMessage));
      this.#pingLater();
    };
    this.#stopPinging = this.#clock.timer(PING_MS, ping, { background: true });
  }

  #closed(code: number, reason: string): void {
    if (this.#over) return;
    const wasGreeted = this.#greeted;
    this.#end();
    const error = new HeadwaterError("network", `the connection was closed (${code}${reason && `, ${reason}`})`);
    // Before the greeting it may be anybody who has closed it.
    this.#listener.ended({ kind: !wasGreeted || mayComeBack(code) ? "lost" : "refused", error });
  }

  #end(): void {
    this.#over = true;
    this.#stopPinging();
    for (const { done } of this.#questions.values()) done(undefined);
    this.#questions.clear();
  }
}

const ACCEPTED: SubscribeOutcome = { kind: "accepted" };

const gone = (): SubscribeOutcome => ({
  kind: "gone",
  error: new HeadwaterError("network", "the connection ended before the answer"),
});
