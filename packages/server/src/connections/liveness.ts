import type { Config } from "../config.ts";
import type { Hub } from "../hub/hub.ts";
import type { Principal } from "../rules/principal.ts";
import { drain, sessionsToDrain } from "../transports/drain.ts";
import { EventStreams } from "../transports/event-streams.ts";
import { startHeartbeat } from "../transports/heartbeat.ts";
import { openSockets, type Sockets } from "../transports/socket.ts";
import type { ConnectionLog } from "./connection-log.ts";
import { PokePings } from "./pokes/poke-pings.ts";
import type { TokenExpiry } from "./token-expiry.ts";

/** A message above the limit is refused; one above this multiple of it is not even read. */
const MAX_READ_FACTOR = 4;

/**
 * Keeps quiet connections alive, ends dead ones, and ends all of them when the server stops.
 *
 * | kind           | stays alive by                            | is found dead by                  |
 * | -------------- | ----------------------------------------- | --------------------------------- |
 * | `sse`          | a heartbeat every 20 s                    | a socket that stays full          |
 * | `websocket`    | a protocol ping after `--ping-seconds`    | no pong within `--pong-seconds`   |
 * | `poke`         | a `ping` event every 30 s                 | a socket that stays full          |
 * | `event-stream` | a heartbeat after `--heartbeat-seconds`   | a socket that stays full          |
 */
export class Liveness {
  readonly eventStreams: EventStreams;
  readonly pokePings = new PokePings();
  readonly #hub: Hub<Principal>;
  readonly #sockets: Sockets;
  readonly #stopHeartbeat: () => void;
  readonly #stopPokePings: () => void;
  readonly #stopTokenExpiry: () => void;
  readonly #stopLog: () => void;

  constructor(
    hub: Hub<Principal>,
    tokenExpiry: TokenExpiry,
    log: ConnectionLog,
    { heartbeatMs, pulse, limits }: Pick<Config, "heartbeatMs" | "pulse" | "limits">,
  ) {
    this.#hub = hub;
    this.eventStreams = new EventStreams(heartbeatMs);
    this.#sockets = openSockets({ ...pulse, maxBytes: MAX_READ_FACTOR * limits.socketMessageBytes });
    this.#stopHeartbeat = startHeartbeat(hub);
    this.#stopPokePings = this.pokePings.start();
    this.#stopTokenExpiry = tokenExpiry.start();
    this.#stopLog = log.start();
  }

  /** For `Bun.serve`. */
  get websocket(): Sockets["handler"] {
    return this.#sockets.handler;
  }

  /**
   * Ends all connections, spread over time so that their clients don't reconnect in the same instant.
   *
   * @param longestMs the longest that this may take
   */
  async endAll(longestMs: number): Promise<void> {
    this.#stopHeartbeat();
    this.#stopPokePings();
    this.#stopTokenExpiry();
    this.#stopLog();
    this.eventStreams.stop();
    await drain([...sessionsToDrain(this.#hub), ...this.eventStreams.all()], longestMs);
    this.#sockets.stop();
  }
}
