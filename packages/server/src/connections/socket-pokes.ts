import { clientId } from "@headwater/protocol";
import type { Session } from "../hub/session.ts";
import type { Wire } from "../hub/wire.ts";
import { randomText } from "../lib/random.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import { PokeWire, SOCKET_POKE_CODEC } from "../transports/poke.ts";
import type { ApiContext } from "../http/api-context.ts";
import { subscriptionsTo } from "./poke-streams.ts";

/**
 * Pokes on a WebSocket. What its user may see is found out by a session of its own, which listens to all collections: the
 * connection's own listens to what its client asked for, and is told what happened.
 */
export class SocketPokes {
  readonly #deps: ApiContext;
  readonly #address: string;
  readonly #poke: () => void;
  #session: Session<Principal> | undefined;
  #leave: (() => void) | undefined;

  /** @param poke tells the client */
  constructor(deps: ApiContext, address: string, poke: () => void) {
    this.#deps = deps;
    this.#address = address;
    this.#poke = poke;
  }

  get isOn(): boolean {
    return this.#session !== undefined;
  }

  /** Tells of what this user may see from now on. Called between two changes. */
  start(principal: Principal): void {
    this.stop();
    if (principal.kind === "guest") return;
    const { hub, registry, sync } = this.#deps;
    const wire = new PokeWire(this.#wire());
    const session = hub.open({
      id: clientId(randomText(40)),
      address: this.#address,
      principal,
      wire,
      codec: SOCKET_POKE_CODEC,
      since: undefined,
      openedAt: Date.now(),
    });
    this.#session = session;
    this.#leave = sync.streams.add(principalKey(principal), { session, poke: () => wire.poke() });
    hub.subscribe(session, principal, subscriptionsTo(registry.current));
  }

  stop(): void {
    this.#leave?.();
    this.#session?.close("shutdown");
    this.#session = this.#leave = undefined;
  }

  /** Its bytes are no message of the socket's: that there are any is what counts. */
  #wire(): Wire {
    return {
      // It ends with the connection, whose own wire knows.
      gone: false,
      send: () => {
        this.#poke();
        return "sent";
      },
      close: () => this.#leave?.(),
    };
  }
}
