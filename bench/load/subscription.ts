/** How subscribers connect. */
export const TRANSPORTS = ["sse", "ws"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/**
 * How and where subscribers connect. With a topic they speak PocketBase's realtime protocol or Headwater's WebSocket
 * protocol; without one they just read the stream or socket.
 */
export interface Subscription {
  readonly url: string;
  /** An event stream by default. */
  readonly transport?: Transport;
  readonly topic?: string;
  /** URL and topic of each subscriber, by number; `url` and `topic` are the defaults. */
  readonly urls?: readonly string[];
  readonly topics?: readonly string[];
  /** Token of each subscriber, by number; a guest without one. */
  readonly tokens?: readonly string[];
}

/** One subscriber's connection. */
export interface Stream {
  readonly bytes: number;
  readonly chunks: number;
  close(): void;
}
