import type { Identity } from "../auth/identity.ts";
import { decodeClaims } from "../auth/token-claims.ts";
import type { Clock } from "../clock.ts";
import { toHeadwaterError } from "../errors.ts";
import type { Transport } from "../transport/transport.ts";
import { browserTabPrimitives, type TabPrimitives } from "./tab-primitives.ts";
import { TabLink } from "./tab-link.ts";
import { TabElection } from "./tab-election.ts";

export { browserTabPrimitives };

export interface SharedTransportOptions {
  readonly transport: Transport;
  readonly primitives: TabPrimitives;
  readonly clock: Clock;
  readonly identity: Identity;
  /** The server's URL. Only tabs with the same URL share a connection. */
  readonly url: string;
}

/** Version of the messages between tabs. Tabs with different versions of the app don't share a connection. */
const VERSION = 2;

/** A transport that shares one connection between all tabs of a browser. */
export function sharedTransport({ transport, primitives, clock, identity, url }: SharedTransportOptions): Transport {
  const groups = new Map<string, TabElection>();
  const electionOf = (user: string): TabElection => {
    const group = `headwater ${VERSION} ${transport.name} ${url} ${user}`;
    let election = groups.get(group);
    if (!election) groups.set(group, (election = new TabElection({ group, primitives, clock, transport })));
    return election;
  };
  return {
    name: transport.name,
    open(listener) {
      let user: string | undefined;
      // A connection belongs to one user.
      const link = new TabLink(listener, (token) => userOf(token) === user);
      identity
        .token()
        .then((token) => {
          user = userOf(token);
          if (!link.isClosed) return electionOf(user).join(link);
        })
        .catch((error: unknown) => link.end({ kind: "lost", error: toHeadwaterError(error) }));
      return link;
    },
  };
}

function userOf(token: string): string {
  const claims = decodeClaims(token);
  return claims ? `${claims.collectionId}/${claims.id}` : "";
}
