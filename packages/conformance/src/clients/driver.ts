/** An event as a client passes it to its application. */
export interface ClientEvent {
  readonly event: string;
  readonly data: string;
  readonly lastEventId: string;
}

/** `EventSource.readyState` in words. */
export type ClientState = "connecting" | "open" | "closed";

export type OnEvent = (event: ClientEvent) => void;

/** Called with each state that the client enters, from the first `connecting`. */
export type OnState = (state: ClientState) => void;

/** Closes the client; resolves when it is closed. */
export type CloseClient = () => void | Promise<void>;

/** One running client. */
export interface OpenClient {
  readonly close: CloseClient;
  /** How much memory the client uses now, in bytes. Without it, the cases about memory are not offered. */
  readonly memory?: () => Promise<number>;
}

/** Controls an SSE client, wherever it runs. */
export interface ClientDriver {
  readonly name: string;
  /** Whether the client reconnects by itself. */
  readonly reconnects: boolean;
  /** How many clients may run at a time; any number by default. */
  readonly width?: number;
  /** Whether it reports its states. */
  readonly reportsStates?: true;
  /** Whether closing the client while it handles an event takes effect before the next event. */
  readonly closesAtOnce?: true;
  /** By how many bytes a client's memory may differ from one moment to the next for reasons of its own. */
  readonly memoryNoise?: number;
  /**
   * Connects the client to a URL.
   *
   * @param names the events to listen for besides `message`; `EventSource` needs them
   * @returns what closes the client
   */
  readonly open: (
    url: string,
    names: readonly string[],
    onEvent: OnEvent,
    onState: OnState,
  ) => Promise<CloseClient | OpenClient>;
}

/** The part of `EventSource` that the kit uses. */
export interface EventSourceLike {
  readonly readyState?: number;
  addEventListener(type: string, listener: (event: MessageLike) => void): void;
  close(): void;
}

interface MessageLike {
  readonly type: string;
  readonly data?: unknown;
  readonly lastEventId?: string;
}

const STATES: readonly ClientState[] = ["connecting", "open", "closed"];

/** A driver for `EventSource` or anything with its interface. */
export const eventSourceDriver = (name: string, make: (url: string) => EventSourceLike): ClientDriver => ({
  name,
  reconnects: true,
  reportsStates: true,
  closesAtOnce: true,
  open(url, names, onEvent, onState) {
    const source = make(url);
    const report = (): void => onState(STATES[source.readyState ?? 0] ?? "connecting");
    report();
    for (const type of ["open", "error"]) source.addEventListener(type, report);
    for (const type of ["message", ...names])
      source.addEventListener(type, ({ data, lastEventId = "" }) => {
        onEvent({ event: type, data: String(data), lastEventId });
      });
    return Promise.resolve(() => source.close());
  },
});
