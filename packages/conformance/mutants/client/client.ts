import type { ClientDriver, ClientEvent, ClientState, OnEvent, OnState, OpenClient } from "../../src/clients/driver.ts";
import type { Decoder, Ending, Field, Headers, Parts, Place, StreamState, Verdict } from "./parts.ts";

const USUAL_RETRY_MS = 120;

/** What the client's memory may vary by: the buffers of one chunk. */
const MEMORY_NOISE = 96 << 10;

/** All in one process, which must not be late with its timers. */
const WIDTH = 24;

/** A client in one process with the kit. Without parts of its own it follows the standard. @param make called for each run */
export const clientOf = (make: () => Partial<Parts> = () => ({})): ClientDriver => ({
  name: "a client",
  reconnects: true,
  reportsStates: true,
  closesAtOnce: true,
  memoryNoise: MEMORY_NOISE,
  width: WIDTH,
  open(url, _, onEvent, onState) {
    return Promise.resolve(new Client(url, { onEvent, onState }, make()).start());
  },
});

interface Listener {
  readonly onEvent: OnEvent;
  readonly onState: OnState;
}

class Client {
  readonly #url: string;
  readonly #listener: Listener;
  readonly #parts: Partial<Parts>;
  #request = new AbortController();
  readonly #closed = new AbortController();
  #connection = 0;
  #events = 0;
  #lastEventId = "";
  #retryMs = USUAL_RETRY_MS;
  #state: StreamState | undefined;
  #isSilent = false;
  #read = { comments: 0, events: 0 };

  constructor(url: string, listener: Listener, parts: Partial<Parts>) {
    this.#url = url;
    this.#listener = listener;
    this.#parts = parts;
  }

  start(): OpenClient {
    this.#enter("connecting");
    void this.#run().catch(() => undefined);
    return { close: () => this.#close(), memory: () => Promise.resolve(this.#held()) };
  }

  get #at(): Place {
    return { connection: this.#connection, events: this.#events };
  }

  #held(): number {
    const { rest = "", data = "" } = this.#state ?? {};
    const right = rest.length + data.length;
    return this.#parts.held?.(right, this.#at, this.#read) ?? right;
  }

  #close(): void {
    const right = { request: true, wait: true, events: true };
    const reaches = this.#parts.closes?.(right, this.#at) ?? right;
    if (reaches.request) this.#request.abort();
    if (reaches.wait) this.#closed.abort();
    this.#isSilent = reaches.events;
  }

  #enter(state: ClientState): void {
    for (const each of this.#parts.states?.([state], this.#at) ?? [state]) this.#listener.onState(each);
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#connection += 1;
      const ending = await this.#connect();
      if (ending === "stop") return this.#enter("closed");
      const goesOn = ending === "reconnect" || (this.#parts.goesOn?.(true, this.#at, ending) ?? true);
      if (!goesOn) return this.#enter("closed");
      if (this.#closed.signal.aborted) return;
      this.#enter("connecting");
      await this.#pause();
      if (this.#closed.signal.aborted) return;
    }
  }

  /** @returns how the connection ends, or what its response leads to */
  async #connect(): Promise<Ending | Exclude<Verdict, "read">> {
    const right = { lastEventId: this.#lastEventId, retryMs: this.#retryMs };
    const { lastEventId, retryMs } = this.#parts.remembered?.(right, this.#at) ?? right;
    [this.#lastEventId, this.#retryMs] = [lastEventId, retryMs];
    this.#request = new AbortController();
    const response = await this.#send();
    if (response === undefined) return "no response";
    const verdict = this.#verdict(response);
    if (verdict !== "read") {
      void response.body?.cancel().catch(() => undefined);
      return verdict;
    }
    this.#enter("open");
    return this.#readStream(response);
  }

  async #send(): Promise<Response | undefined> {
    const id = this.#lastEventId;
    const right: Headers = {
      accept: "text/event-stream",
      "cache-control": "no-store",
      // Header values are bytes: each character stands for one.
      ...(id !== "" && { "last-event-id": toLatin1(id) }),
    };
    let headers: Headers | undefined = this.#parts.headers?.(right, this.#at) ?? right;
    for (let url = this.#url; ;) {
      const init: RequestInit = { headers, redirect: "manual", signal: this.#request.signal };
      const response: Response | undefined = await fetch(url, init).catch(() => undefined);
      const location = response?.headers.get("location");
      if (response === undefined || typeof location !== "string") return response;
      headers = this.#parts.redirect ? this.#parts.redirect(headers, this.#at, response.status) : headers;
      if (headers === undefined) return response;
      url = new URL(location, url).href;
    }
  }

  #verdict(response: Response): Verdict {
    const type = response.headers.get("content-type") ?? "";
    const isStream = response.status === 200 && /^text\/event-stream\s*(;|$)/i.test(type);
    const right = isStream ? "read" : "stop";
    return this.#parts.verdict?.(right, this.#at, response) ?? right;
  }

  #pause(): Promise<void> {
    const milliseconds = this.#parts.wait?.(this.#retryMs, this.#at) ?? Math.min(this.#retryMs, 2 ** 31 - 1);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#closed.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #readStream(response: Response): Promise<Ending> {
    const state = this.#freshState(response.headers.get("content-type") ?? "");
    let ending: Ending = "end";
    try {
      for await (const bytes of response.body ?? []) {
        const lag = this.#parts.lag?.(0, this.#at) ?? 0;
        if (lag > 0) await new Promise((resolve) => setTimeout(resolve, lag));
        for (const piece of this.#parts.bytes?.([bytes], this.#at) ?? [bytes])
          this.#feed(state.decoder.decode(piece, { stream: true }));
      }
    } catch {
      ending = "break";
    }
    this.#feed("", true);
    this.#dispatch(this.#parts.atEnd?.([], this.#at, this.#state!) ?? []);
    return ending;
  }

  #freshState(type: string): StreamState {
    const plain: Decoder = new TextDecoder();
    const decoder = this.#parts.decoder?.(plain, this.#at, type) ?? plain;
    const right = { decoder, rest: "", data: "", name: "", idBuffer: this.#lastEventId };
    this.#state = this.#parts.fresh?.(right, this.#at, this.#state) ?? right;
    return this.#state;
  }

  #feed(decoded: string, isEnd = false): void {
    const state = this.#state!;
    const text = state.rest + (this.#parts.text?.(decoded, this.#at) ?? decoded);
    // A CR at the end of a chunk may be half of a line end.
    const right = isEnd ? /\r\n|\n|\r/ : /\r\n|\n|\r(?!$)/;
    const lines = text.split(this.#parts.lineEnd?.(right, this.#at) ?? right);
    state.rest = lines.pop()!;
    for (const line of this.#parts.lines?.(lines, this.#at) ?? lines) this.#take(line);
  }

  #take(line: string): void {
    if (line === "") return this.#endBlock();
    const colon = line.indexOf(":");
    const right: Field = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    const [name, value] = this.#parts.field?.(right, this.#at, line) ?? right;
    const state = this.#state!;
    if (name === "") this.#read.comments += line.length;
    if (name === "data") state.data += `${value}\n`;
    if (name === "event") state.name = value;
    if (name === "id") this.#takeId(value, state);
    if (name === "retry") this.#takeRetry(value);
    this.#lastEventId = this.#parts.lastEventId?.(this.#lastEventId, this.#at, state) ?? this.#lastEventId;
  }

  #takeId(value: string, state: StreamState): void {
    const right = !value.includes("\0");
    if (this.#parts.takesId?.(right, this.#at, value) ?? right) state.idBuffer = value;
  }

  #takeRetry(value: string): void {
    const right = /^[0-9]+$/.test(value) ? Number(value) : undefined;
    const taken = this.#parts.retry ? this.#parts.retry(right, this.#at, value) : right;
    this.#retryMs = taken ?? this.#retryMs;
  }

  #endBlock(): void {
    const state = this.#state!;
    this.#lastEventId = state.idBuffer;
    const { data, name } = state;
    const event = { event: name === "" ? "message" : name, data: data.slice(0, -1), lastEventId: this.#lastEventId };
    const right = data === "" ? [] : [event];
    this.#dispatch(this.#parts.dispatch?.(right, this.#at, state) ?? right);
    const after = { ...state, data: "", name: "" };
    this.#state = this.#parts.afterEvent?.(after, this.#at, state) ?? after;
  }

  #dispatch(events: readonly ClientEvent[]): void {
    for (const event of events) {
      if (this.#isSilent) return;
      this.#events += 1;
      this.#read.events += event.data.length;
      this.#listener.onEvent(event);
    }
  }
}

const toLatin1 = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
