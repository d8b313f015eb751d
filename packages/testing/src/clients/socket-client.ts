import {
  type ClientMessage,
  type ConnectedMessage,
  type ErrorMessage,
  parseServerMessage,
  type RecordEventMessage,
  type ServerMessage,
  type SubscribedMessage,
  type SubscribeOptions,
} from "@headwater/protocol";
import { Inbox } from "./inbox.ts";
import { RawSocket, type SocketCloseInfo } from "./raw-socket.ts";
import { encodeFrame, OP, type SocketFrame } from "./socket-frames.ts";

type MessageOf<Type extends ServerMessage["type"]> = Extract<ServerMessage, { type: Type }>;

interface PendingRequest {
  readonly count: number;
  readonly replies: ServerMessage[];
  readonly resolve: (answers: readonly ServerMessage[]) => void;
  readonly reject: (error: Error) => void;
}

export interface SocketClientOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Whether it answers pings, as browsers do. Default true. */
  readonly answersPings?: boolean;
  /** Called with each message; the client then keeps none. */
  readonly onMessage?: (message: ServerMessage) => void;
}

/** A client of Headwater's WebSocket protocol. Keeps every message and never reconnects. */
export class SocketClient implements Disposable {
  readonly inbox = new Inbox<ServerMessage>();
  /** Resolves when the connection closes. */
  readonly closed: Promise<SocketCloseInfo>;
  readonly #closed = Promise.withResolvers<SocketCloseInfo>();
  readonly #connected = Promise.withResolvers<ConnectedMessage>();
  readonly #answersPings: boolean;
  readonly #onMessage: ((message: ServerMessage) => void) | undefined;
  /** Requests that wait for replies, by message id. */
  readonly #pending = new Map<string, PendingRequest>();
  #raw: RawSocket | undefined;
  #nextId = 0;
  isOver = false;
  pings = 0;
  hello!: ConnectedMessage;

  private constructor({ answersPings = true, onMessage }: SocketClientOptions) {
    this.#answersPings = answersPings;
    this.#onMessage = onMessage;
    this.closed = this.#closed.promise;
    this.#connected.promise.catch(() => undefined); // `connect` awaits it; avoids an unhandled rejection.
  }

  /** Connects and waits for the `connected` message. */
  static async connect(url: string, options: SocketClientOptions = {}): Promise<SocketClient> {
    const client = new SocketClient(options);
    const handlers = {
      onFrame: (frame: SocketFrame) => client.#receive(frame),
      onEnd: (closing: SocketCloseInfo) => client.#finish(closing),
    };
    const { headers, query = "" } = options;
    client.#raw = await RawSocket.open(`${url}/realtime/subscribe${query}`, handlers, headers);
    client.hello = await client.#connected.promise;
    return client;
  }

  get raw(): RawSocket {
    return this.#raw!;
  }

  get messages(): readonly ServerMessage[] {
    return this.inbox.items;
  }

  get events(): RecordEventMessage[] {
    return this.all("record_event");
  }

  all<Type extends ServerMessage["type"]>(type: Type): MessageOf<Type>[] {
    return this.messages.filter((message): message is MessageOf<Type> => message.type === type);
  }

  /** The latest cursor received. */
  get cursor(): string | undefined {
    return this.messages.findLast((message) => "cursor" in message && message.cursor !== undefined)?.[
      "cursor" as never
    ];
  }

  send(message: ClientMessage): void {
    this.sendText(JSON.stringify(message));
  }

  sendText(text: string): void {
    this.raw.send(encodeFrame(OP.text, text));
  }

  /** Sends the message with a new id, and waits for the first reply to it. */
  async request(message: ClientMessage): Promise<ServerMessage> {
    const [reply] = await this.requestMany(1, message);
    return reply!;
  }

  /** Sends the message with a new id, and waits for `count` replies to it. */
  async requestMany(count: number, message: ClientMessage): Promise<readonly ServerMessage[]> {
    const id = `${(this.#nextId += 1)}`;
    const pending = { count, replies: [], ...Promise.withResolvers<readonly ServerMessage[]>() };
    this.#pending.set(id, pending);
    this.send({ ...message, id });
    if (this.isOver) pending.reject(new Error("the connection is closed"));
    return pending.promise;
  }

  async subscribe(pattern: string, options: SubscribeOptions = {}): Promise<SubscribedMessage> {
    const reply = await this.request({ type: "subscribe", pattern, ...options });
    if (reply.type !== "subscribed") throw new Error(`the server refused the subscription: ${JSON.stringify(reply)}`);
    return reply;
  }

  /** Subscribes, expecting the server to refuse. @returns its error */
  async refusal(pattern: string, options: SubscribeOptions = {}): Promise<ErrorMessage> {
    const reply = await this.request({ type: "subscribe", pattern, ...options });
    if (reply.type !== "error") throw new Error(`the server accepted the subscription: ${JSON.stringify(reply)}`);
    return reply;
  }

  /** Waits until `count` record events have arrived in total. */
  async untilEvents(count: number): Promise<RecordEventMessage[]> {
    await this.inbox.until(() => this.events.length >= count);
    return this.events;
  }

  pause(): void {
    this.raw.pause();
  }

  resume(): void {
    this.raw.resume();
  }

  close(): void {
    this.#raw?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #receive({ opcode, payload }: SocketFrame): void {
    if (opcode === OP.text) {
      const message = parseServerMessage(payload.toString());
      if (!message) return;
      if (message.type === "connected") this.#connected.resolve(message);
      if (this.#onMessage) this.#onMessage(message);
      else this.inbox.push(message);
      if ("id" in message) this.#receiveReply(String(message.id), message);
    } else if (opcode === OP.ping) {
      this.pings += 1;
      if (this.#answersPings) this.raw.send(encodeFrame(OP.pong, payload));
    }
  }

  #receiveReply(id: string, answer: ServerMessage): void {
    const asked = this.#pending.get(id);
    if (!asked) return;
    asked.replies.push(answer);
    if (asked.replies.length === asked.count) {
      this.#pending.delete(id);
      asked.resolve(asked.replies);
    }
  }

  #finish(closing: SocketCloseInfo): void {
    this.isOver = true;
    for (const { reject } of this.#pending.values())
      reject(new Error(`the connection closed with ${closing.code} before the reply`));
    this.#connected.reject(new Error(`the connection closed with ${closing.code} before connected`));
    this.#closed.resolve(closing);
    this.inbox.close();
  }
}
