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
import { RawSocket, type SocketClosing } from "./raw-socket.ts";
import { encodeFrame, OP, type SocketFrame } from "./socket-frames.ts";

type MessageOf<Type extends ServerMessage["type"]> = Extract<ServerMessage, { type: Type }>;

interface Asked {
  readonly count: number;
  readonly answers: ServerMessage[];
  readonly resolve: (answers: readonly ServerMessage[]) => void;
  readonly reject: (error: Error) => void;
}

export interface SocketClientOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Does it answer pings, as browsers do? */
  readonly answersPings?: boolean;
  /** Gets the messages, which are not kept then. */
  readonly onMessage?: (message: ServerMessage) => void;
}

/** A WebSocket client that keeps every message it got, and never reconnects by itself. */
export class SocketClient implements Disposable {
  readonly inbox = new Inbox<ServerMessage>();
  /** Resolves when the connection is gone. */
  readonly closed: Promise<SocketClosing>;
  readonly #closed = Promise.withResolvers<SocketClosing>();
  readonly #connected = Promise.withResolvers<ConnectedMessage>();
  readonly #answersPings: boolean;
  readonly #onMessage: ((message: ServerMessage) => void) | undefined;
  /** Who waits for answers, by the id of what was asked. */
  readonly #asked = new Map<string, Asked>();
  #raw: RawSocket | undefined;
  #nextId = 0;
  isOver = false;
  pings = 0;
  hello!: ConnectedMessage;

  private constructor({ answersPings = true, onMessage }: SocketClientOptions) {
    this.#answersPings = answersPings;
    this.#onMessage = onMessage;
    this.closed = this.#closed.promise;
    this.#connected.promise.catch(() => undefined); // Who waits for it is told; nobody may.
  }

  /** Connects and waits for `connected`. */
  static async connect(url: string, options: SocketClientOptions = {}): Promise<SocketClient> {
    const client = new SocketClient(options);
    const handlers = {
      onFrame: (frame: SocketFrame) => client.#receive(frame),
      onEnd: (closing: SocketClosing) => client.#finish(closing),
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

  /** The newest cursor that came. */
  get cursor(): string | undefined {
    return this.messages.findLast((message) => "cursor" in message && message.cursor !== undefined)?.[
      "cursor" as never
    ];
  }

  send(message: ClientMessage): void {
    this.say(JSON.stringify(message));
  }

  say(text: string): void {
    this.raw.send(encodeFrame(OP.text, text));
  }

  /** Sends the message with an id of its own, and waits for the first answer to it. */
  async ask(message: ClientMessage): Promise<ServerMessage> {
    const [answer] = await this.askFor(1, message);
    return answer!;
  }

  /** As `ask`, for so many answers. */
  async askFor(count: number, message: ClientMessage): Promise<readonly ServerMessage[]> {
    const id = `${(this.#nextId += 1)}`;
    const asked = { count, answers: [], ...Promise.withResolvers<readonly ServerMessage[]>() };
    this.#asked.set(id, asked);
    this.send({ ...message, id });
    if (this.isOver) asked.reject(new Error("nobody is there to answer"));
    return asked.promise;
  }

  async subscribe(pattern: string, options: SubscribeOptions = {}): Promise<SubscribedMessage> {
    const answer = await this.ask({ type: "subscribe", pattern, ...options });
    if (answer.type !== "subscribed") throw new Error(`the subscription was refused: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** The error with which a subscription is refused. */
  async refusal(pattern: string, options: SubscribeOptions = {}): Promise<ErrorMessage> {
    const answer = await this.ask({ type: "subscribe", pattern, ...options });
    if (answer.type !== "error") throw new Error(`it was not refused: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Waits for so many record events in all. */
  async heard(count: number): Promise<RecordEventMessage[]> {
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
      if ("id" in message) this.#answered(String(message.id), message);
    } else if (opcode === OP.ping) {
      this.pings += 1;
      if (this.#answersPings) this.raw.send(encodeFrame(OP.pong, payload));
    }
  }

  #answered(id: string, answer: ServerMessage): void {
    const asked = this.#asked.get(id);
    if (!asked) return;
    asked.answers.push(answer);
    if (asked.answers.length === asked.count) {
      this.#asked.delete(id);
      asked.resolve(asked.answers);
    }
  }

  #finish(closing: SocketClosing): void {
    this.isOver = true;
    for (const { reject } of this.#asked.values()) reject(new Error(`closed with ${closing.code}, unanswered`));
    this.#connected.reject(new Error(`closed before it began: ${closing.code}`));
    this.#closed.resolve(closing);
    this.inbox.close();
  }
}
