/** An event as a client passes it to its application. */
export interface ClientEvent {
  readonly event: string;
  readonly data: string;
  readonly lastEventId: string;
}

/** Controls an SSE client, wherever it runs. */
export interface ClientDriver {
  readonly name: string;
  /** Whether the client reconnects by itself. */
  readonly reconnects: boolean;
  /**
   * Connects the client to a URL.
   *
   * @param names the events to listen for besides `message`; `EventSource` needs them
   * @returns a function that closes the client
   */
  readonly open: (
    url: string,
    names: readonly string[],
    onEvent: (event: ClientEvent) => void,
  ) => Promise<() => void | Promise<void>>;
}

/** The part of `EventSource` that the kit uses. */
export interface EventSourceLike {
  addEventListener(type: string, listener: (event: MessageLike) => void): void;
  close(): void;
}

interface MessageLike {
  readonly type: string;
  readonly data?: unknown;
  readonly lastEventId?: string;
}

/** A driver for `EventSource` or anything with its interface. */
export const eventSourceDriver = (name: string, make: (url: string) => EventSourceLike): ClientDriver => ({
  name,
  reconnects: true,
  open: (url, names, onEvent) => {
    const source = make(url);
    for (const type of ["message", ...names])
      source.addEventListener(type, ({ data, lastEventId = "" }) => {
        onEvent({ event: type, data: String(data), lastEventId });
      });
    return Promise.resolve(() => source.close());
  },
});
