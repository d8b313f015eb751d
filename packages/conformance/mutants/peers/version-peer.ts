import type { Scope } from "../../src/core/scope.ts";
import type { VersionTarget } from "../../src/profiles/version/profile.ts";
import { type PeerOptions, startPeer } from "../framework/peer.ts";
import type { Connection } from "../framework/tamper.ts";

export interface VersionPeerOptions extends PeerOptions {
  readonly heartbeatMs: number;
  readonly version?: Readonly<Record<string, unknown>>;
  /** Wrong turns that are not a matter of single frames. */
  readonly faults?: {
    readonly correlationOf?: (connection: Connection, made: string) => string;
    /** The beats that are sent, counted from 1. */
    readonly beats?: (count: number) => boolean;
    readonly endsAfterMs?: number;
  };
}

const VERSION = {
  version: "1.2.3",
  environment: "development",
  git_commit: "abc123",
  started_at: "2024-01-01T12:00:00Z",
};

/** A right server of the version stream, unless its options say otherwise. */
export async function startVersionPeer(scope: Scope, options: VersionPeerOptions): Promise<VersionTarget> {
  const { heartbeatMs, version = VERSION, faults = {}, style } = options;
  let correlations = 0;
  const url = await startPeer(
    scope,
    {
      stream(connection, open) {
        correlations += 1;
        const made = `c-${correlations}`;
        const correlation = faults.correlationOf?.(connection, made) ?? made;
        const writer = open();
        const send = (event: string, data: Readonly<Record<string, unknown>>): void => {
          const fields = Object.entries({ ...data, correlation_id: correlation });
          const ordered = style?.random ? style.random.shuffle(fields) : fields;
          writer.send({ event, data: JSON.stringify(Object.fromEntries(ordered)) });
        };
        send("connection_open", { status: "connected" });
        send("version", version);
        let count = 0;
        const beat = setInterval(() => {
          count += 1;
          if (faults.beats?.(count) ?? true) send("heartbeat", { timestamp: new Date().toISOString() });
        }, heartbeatMs);
        const end = faults.endsAfterMs === undefined ? undefined : setTimeout(() => writer.end(), faults.endsAfterMs);
        writer.onClose(() => {
          clearInterval(beat);
          clearTimeout(end);
        });
      },
    },
    options,
  );
  return { url };
}
