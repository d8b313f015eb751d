import type { Identity } from "../auth/identity.ts";
import { decodeClaims } from "../auth/token-claims.ts";
import type { Clock } from "../clock.ts";
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
  /** Of the server; tabs of another one keep to themselves. */
  readonly url: string;
}

/** Changes with what tabs say to each other: after an update of the app, old and new tabs stay apart. */
const VERSION = 1;

/** One connection for all tabs of a browser, where it would be one for each. */
export function sharedTransport({ transport, primitives, clock, identity, url }: SharedTransportOptions): Transport {
  const groups = new Map<string, TabElection>();
  const tabsOf = (who: string): TabElection => {
    const group = `headwater ${VERSION} ${transport.name} ${url} ${who}`;
    let tabs = groups.get(group);
    if (!tabs) groups.set(group, (tabs = new TabElection({ group, primitives, clock, transport })));
    return tabs;
  };
  return {
    name: transport.name,
    open(listener) {
      let who: string | undefined;
      // A connection is one person's.
      const link = new TabLink(listener, (token) => userOf(token) === who);
      void identity.token().then((token) => {
        who = userOf(token);
        if (!link.isClosed) return tabsOf(who).join(link);
      });
      return link;
    },
  };
}

function userOf(token: string): string {
  const claims = decodeClaims(token);
  return claims ? `${claims.collectionId}/${claims.id}` : "";
}
