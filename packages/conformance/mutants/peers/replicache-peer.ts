import type { IncomingMessage } from "node:http";
import type { Scope } from "../../src/core/scope.ts";
import type { ReplicacheTarget } from "../../src/profiles/replicache-stream/target.ts";
import { type PeerOptions, type Reply, startPeer, type Writer } from "../framework/peer.ts";

type Json = Readonly<Record<string, unknown>>;

/** Wrong turns that are not a matter of single frames. */
export interface ReplicacheFaults {
  /** Who has this token. */
  readonly userOf?: (token: string | undefined, path: string) => string | undefined;
  /** Which of the streams are poked: those of the user, from the oldest. */
  readonly poked?: (own: readonly Writer[], all: readonly Writer[]) => readonly Writer[];
  readonly pushes?: (own: readonly Writer[]) => readonly Writer[];
  readonly pokeResponse?: (body: Json) => Json;
  readonly statsResponse?: (body: Json) => Json;
  readonly keepsClosed?: true;
  readonly pings?: (count: number) => boolean;
  readonly pokeStatus?: number;
  readonly pushStatus?: number;
}

export interface ReplicachePeerOptions extends PeerOptions {
  readonly faults?: ReplicacheFaults;
  readonly pingMs: number;
}

const TOKENS: Readonly<Record<string, string>> = { "token-a": "ann", "token-b": "ben" };
const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  "access-control-allow-origin": "*",
};
const PREFIX = "/api/v1/replicache";

/** A right server of the stream that pokes Replicache clients, unless its options say otherwise. */
export async function startReplicachePeer(scope: Scope, options: ReplicachePeerOptions): Promise<ReplicacheTarget> {
  const { faults = {}, pingMs } = options;
  const streams = new Map<Writer, string>();
  const ownOf = (user: string): Writer[] => [...streams].flatMap(([writer, owner]) => (owner === user ? [writer] : []));
  const userOf = (
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
    path: string,
  ): string | undefined => {
    const token = /^Bearer (.*)$/.exec([headers["authorization"] ?? ""].flat()[0]!)?.[1];
    return faults.userOf ? faults.userOf(token, path) : TOKENS[token ?? ""];
  };
  const url = await startPeer(
    scope,
    {
      isStream: ({ pathname }) => pathname === `${PREFIX}/stream`,
      stream(connection, open) {
        const user = userOf(connection.headers, "/stream");
        if (user === undefined) return { status: 401, body: {} };
        const writer = open();
        writer.send({ data: "connected" });
        streams.set(writer, user);
        let count = 0;
        const ping = setInterval(() => {
          count += 1;
          if (faults.pings?.(count) ?? true) writer.send({ data: "ping" });
        }, pingMs);
        writer.onClose(() => {
          clearInterval(ping);
          if (!faults.keepsClosed) streams.delete(writer);
        });
      },
      post: (address, _, headers) =>
        respond(address.pathname.slice(PREFIX.length), headers, { streams, ownOf, userOf, faults }),
    },
    { headers: HEADERS, ...options },
  );
  return { url, token: "token-a", otherToken: "token-b" };
}

interface World {
  readonly streams: ReadonlyMap<Writer, string>;
  readonly ownOf: (user: string) => Writer[];
  readonly userOf: (
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
    path: string,
  ) => string | undefined;
  readonly faults: ReplicacheFaults;
}

function respond(path: string, headers: IncomingMessage["headers"], { streams, ownOf, userOf, faults }: World): Reply {
  const user = userOf(headers, path);
  if (user === undefined) return { status: 401, body: {} };
  const own = ownOf(user);
  const timestamp = new Date().toISOString();
  const sync = (writers: readonly Writer[]): void => {
    for (const writer of writers) writer.send({ data: "sync" });
  };
  switch (path) {
    case "/poke-user": {
      sync(faults.poked?.(own, [...streams.keys()]) ?? own);
      const body = { success: true, userId: user, clientsNotified: own.length, message: "Sync triggered", timestamp };
      return { status: faults.pokeStatus ?? 200, body: faults.pokeResponse?.(body) ?? body };
    }
    case "/push":
      sync(faults.pushes?.(own) ?? own);
      return { status: faults.pushStatus ?? 200, body: {} };
    case "/stats": {
      const body = { userId: user, userConnections: own.length, totalConnections: streams.size, timestamp };
      return { status: 200, body: faults.statsResponse?.(body) ?? body };
    }
    default:
      return { status: 404, body: {} };
  }
}
