/** What the bystander does, again and again. `control` is a request to another, idle server on the same machine. */
export const PROBES = ["health", "read", "list", "write", "event", "control"] as const;
export type Probe = (typeof PROBES)[number];

/** What a probe took, in milliseconds. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What the bystander measured between two calls of `enter`. */
export interface Phase {
  readonly latencies: Readonly<Record<Probe, Latency>>;
  /** The most memory that the server and its children had. */
  readonly peakBytes: number;
  /** Requests that failed, and streams that were cut. */
  readonly failures: readonly string[];
}

/** What the bystander's process is started with. */
export interface BystanderSettings {
  readonly url: string;
  readonly controlUrl: string;
  /** The server's process. */
  readonly pid: number;
  /** A record of `notes` to read. */
  readonly record: string;
}

export type BystanderCommand = { readonly kind: "enter"; readonly phase: string } | { readonly kind: "finish" };

export type BystanderReply =
  { readonly kind: "ready" } | { readonly kind: "finished"; readonly phases: Readonly<Record<string, Phase>> };
