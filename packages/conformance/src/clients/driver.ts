/** An event as a client hands it to its app. */
export interface ClientEvent {
  readonly event: string;
  readonly data: string;
  readonly lastEventId: string;
}

/** An SSE client, in whatever it runs. */
export interface ClientDriver {
  readonly name: string;
  /** Whether the client comes back by itself; one that only reads a stream does not. */
  readonly reconnects: boolean;
  /**
   * Has the client listen to a URL.
   *
   * @param names the events to listen for besides `message`: `EventSource` must be told
   * @returns a function that has the client leave
   */
  readonly open: (
    url: string,
    names: readonly string[],
    onEvent: (event: ClientEvent) => void,
  ) => Promise<() => void | Promise<void>>;
}

/** What `EventSource` is to this kit: the browsers' own, or a package that behaves like it. */
export interface EventSourceLike {
  addEventListener(type: string, listener: (event: MessageLike) => void): void;
  close(): void;
}

interface MessageLike {
  readonly type: string;
  readonly data?: unknown;
  readonly lastEventId?: string;
}

/** Drives anything that has the interface of the standard. */
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
