import { HeadwaterError } from "../errors.ts";
import type { Link, LinkEnd, SubscribeRequest, Transport } from "../transport/transport.ts";
import { type FromLeader, packEnd, packError, packOutcome, type ToLeader, type ListenerCall } from "./tab-messages.ts";
import type { TabPrimitives } from "./tab-primitives.ts";

export interface LeaderConnectionOptions {
  /** A unique id of this leader. */
  readonly leader: string;
  readonly transport: Transport;
  readonly primitives: TabPrimitives;
  /** The name of the lock that a link holds as long as its tab lives. */
  readonly lifetimeLock: (link: string) => string;
  readonly post: (message: FromLeader) => void;
  /** No link is attached any more. */
  readonly onIdle: () => void;
}

interface Stream {
  readonly id: string;
  readonly link: Link;
  clientId: string | undefined;
  /** Number of links that were ever attached to the stream. */
  attachedCount: number;
}

/** The connection of all tabs: one request has the subscriptions of all, and all tabs get all events. */
export class LeaderConnection {
  readonly #options: LeaderConnectionOptions;
  /** The subscriptions of each link. */
  readonly #members = new Map<string, readonly string[]>();
  readonly #stopSignal = new AbortController();
  #stream: Stream | undefined;
  #streams = 0;
  #token = "";
  /** Sends requests one at a time: each has all subscriptions, so the last one must be processed last. */
  #requests: Promise<void> = Promise.resolve();
  #queuedCalls: ListenerCall[] = [];

  constructor(options: LeaderConnectionOptions) {
    this.#options = options;
    options.post({ kind: "leader", leader: options.leader });
  }

  get isIdle(): boolean {
    return this.#members.size === 0;
  }

  receive(message: ToLeader): void {
    switch (message.kind) {
      case "attach":
        return this.#attach(message.link);
      case "subscribe":
        this.#requests = this.#requests.then(() => this.#subscribe(message.link, message.round, message.request));
        return;
      case "detach":
        return this.#detach(message.link);
      case "stalled":
        if (message.stream === this.#stream?.id) this.#drop(new HeadwaterError("timeout", "no data received"));
        return;
    }
  }

  /** Closes the connection without notifying the links: another leader has taken over, or no link is left. */
  stop(): void {
    this.#stopSignal.abort();
    this.#stream?.link.close();
    this.#stream = undefined;
    this.#members.clear();
  }

  #attach(link: string): void {
    if (this.#members.has(link)) return;
    this.#flush();
    const stream = (this.#stream ??= this.#open());
    stream.attachedCount += 1;
    this.#members.set(link, []);
    const { leader, post } = this.#options;
    post({
      kind: "attached",
      link,
      leader,
      stream: stream.id,
      tabNumber: stream.attachedCount,
      clientId: stream.clientId,
    });
    void this.#detachWhenTabEnds(link);
  }

  /** Waits for the link's lock, which is free once its tab has ended, for whatever reason. */
  async #detachWhenTabEnds(link: string): Promise<void> {
    const { primitives, lifetimeLock } = this.#options;
    const release = await primitives
      .lock(lifetimeLock(link), { signal: this.#stopSignal.signal })
      .catch(() => undefined);
    release?.();
    if (release) this.#detach(link);
  }

  #detach(link: string): void {
    if (!this.#members.delete(link)) return;
    if (this.isIdle) return this.#closeStream();
    this.#requests = this.#requests.then(() => this.#updateNames());
  }

  #closeStream(): void {
    this.#stream?.link.close();
    this.#stream = undefined;
    this.#options.onIdle();
  }

  #open(): Stream {
    this.#streams += 1;
    const id = `${this.#options.leader}.${this.#streams}`;
    const link = this.#options.transport.open({
      opened: (clientId) => {
        stream.clientId = clientId;
        this.#enqueue(["opened", clientId]);
      },
      event: (event) => this.#enqueue(["event", event]),
      cursor: (cursor) => this.#enqueue(["cursor", cursor]),
      bytes: (count) => this.#enqueue(["bytes", count]),
      retry: (milliseconds) => this.#enqueue(["retry", milliseconds]),
      warning: (error) => this.#enqueue(["warning", packError(error)]),
      ended: (end) => this.#end(end),
    });
    const stream: Stream = { id, link, clientId: undefined, attachedCount: 0 };
    return stream;
  }

  async #subscribe(link: string, round: number, request: SubscribeRequest): Promise<void> {
    const before = this.#members.get(link);
    const stream = this.#stream;
    if (!before || !stream) return;
    this.#members.set(link, request.names);
    this.#token = request.token;
    const outcome = await stream.link.subscribe({ ...request, names: this.#names() });
    if (this.#stream !== stream) return;
    if (outcome.kind !== "accepted" && this.#members.has(link)) this.#members.set(link, before);
    this.#flush();
    this.#options.post({ kind: "outcome", link, round, outcome: packOutcome(outcome) });
    if (outcome.kind === "gone" || outcome.kind === "other-identity") this.#drop(outcome.error);
  }

  /** Sends the remaining subscriptions after a link has left. If that fails, the server only sends too much. */
  async #updateNames(): Promise<void> {
    const stream = this.#stream;
    if (stream?.clientId === undefined) return;
    const outcome = await stream.link.subscribe({ names: this.#names(), token: this.#token, since: new Map() });
    if (outcome.kind === "gone" && this.#stream === stream) this.#drop(outcome.error);
  }

  #names(): string[] {
    return [...new Set([...this.#members.values()].flat())];
  }

  #drop(error: HeadwaterError): void {
    this.#stream?.link.close();
    this.#end({ kind: "lost", error });
  }

  #end(end: LinkEnd): void {
    const stream = this.#stream;
    if (!stream) return;
    this.#flush();
    this.#stream = undefined;
    this.#members.clear();
    this.#options.post({ kind: "ended", stream: stream.id, end: packEnd(end) });
    this.#closeStream();
  }

  /** Collects the calls of one turn of the event loop in one message. */
  #enqueue(call: ListenerCall): void {
    this.#queuedCalls.push(call);
    if (this.#queuedCalls.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    const calls = this.#queuedCalls;
    this.#queuedCalls = [];
    if (calls.length > 0 && this.#stream) this.#options.post({ kind: "calls", stream: this.#stream.id, calls });
  }
}
