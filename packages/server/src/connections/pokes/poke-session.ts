import type { Registry } from "../../collections/model/registry.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Session } from "../../hub/session.ts";
import type { Wire } from "../../hub/wire.ts";
import { type Principal, principalKey } from "../../rules/principal.ts";
import { PokeWire } from "../../transports/poke.ts";
import type { ConnectionLog } from "../connection-log.ts";
import { openSession } from "../open-connection.ts";
import { RoomSubscription } from "../../visibility/channels/poke-change.ts";
import { type PokeRegistry, syncSubscriptions } from "./poke-registry.ts";

export interface PokeContext {
  readonly hub: Hub<Principal>;
  readonly registry: Registry;
  readonly pokes: PokeRegistry;
  readonly connectionLog: ConnectionLog;
}

/**
 * Pokes the client of a session for whatever its user may see, and for what happens in its rooms.
 *
 * @param wire the session's
 * @param names the rooms
 * @returns a function that ends the pokes that do not come from the hub; the hub's end with the session
 */
export function startPokes(
  { hub, registry, pokes }: PokeContext,
  session: Session<Principal>,
  wire: PokeWire,
  names: readonly string[],
): () => void {
  const rooms = names.map((name) => new RoomSubscription(name));
  const remove = pokes.add(principalKey(session.principal), { session, rooms, poke: () => wire.poke() });
  hub.subscribe(session, session.principal, syncSubscriptions(registry.current, rooms));
  return remove;
}

/**
 * Pokes on a WebSocket. They need a second session, which subscribes to every collection: the connection's own session
 * has the client's subscriptions, and delivers events.
 */
export class SocketPokes {
  readonly #context: PokeContext;
  readonly #address: string;
  readonly #poke: () => void;
  #session: Session<Principal> | undefined;
  #removeTarget: (() => void) | undefined;
  #rooms: readonly string[] = [];

  /** @param poke sends the message */
  constructor(context: PokeContext, address: string, poke: () => void) {
    this.#context = context;
    this.#address = address;
    this.#poke = poke;
  }

  get isOn(): boolean {
    return this.#session !== undefined;
  }

  /**
   * Pokes for what this user may see, from now on. Call between two changes.
   *
   * @param rooms those it was in before, unless given
   */
  start(principal: Principal, rooms: readonly string[] = this.#rooms): void {
    this.stop();
    if (principal.kind === "guest") return;
    this.#rooms = rooms;
    const { hub } = this.#context;
    const wire = new PokeWire(this.#wire(), () => this.#context.connectionLog.poked(session));
    const session: Session<Principal> = openSession(hub, {
      kind: "websocket-poke",
      address: this.#address,
      principal,
      wire,
    });
    this.#session = session;
    this.#removeTarget = startPokes(this.#context, session, wire, rooms);
  }

  stop(): void {
    this.#removeTarget?.();
    this.#session?.close("shutdown");
    this.#session = this.#removeTarget = undefined;
  }

  /** Turns every frame into a poke message: its content does not matter. */
  #wire(): Wire {
    return {
      // The wire of the connection itself knows when it ends.
      isClosed: false,
      send: () => {
        this.#poke();
        return "sent";
      },
      close: () => this.#removeTarget?.(),
    };
  }
}
