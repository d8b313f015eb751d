import { principalName } from "../../http/access-log.ts";
import type { ApiRequest } from "../../http/request.ts";
import { identify, newRequester, type Requester } from "../../http/requester.ts";
import type { Session } from "../../hub/session.ts";
import type { CloseReason, Wire } from "../../hub/wire.ts";
import { unauthorized } from "../../lib/api-error.ts";
import { GUEST, type Principal } from "../../rules/principal.ts";
import { CONNECTED, PING, PokeWire } from "../../transports/poke.ts";
import { openSse, type SseListener } from "../../transports/sse.ts";
import { assertConnectionLimit, assertUserLimit, awaitSetupTurn } from "../assert-limits.ts";
import type { ConnectionContext } from "../connection-context.ts";
import { type Connection, openConnection, type Peer } from "../open-connection.ts";
import { startPokes } from "./poke-session.ts";
import { assertMayJoin, readRooms } from "./rooms.ts";

const HEADERS = { "Cache-Control": "no-cache", Connection: "keep-alive" };

/**
 * Responds with a stream that pokes its client.
 *
 * @param token the client's own, or the one that its ticket stands for
 * @throws ApiError 401 if the token is not valid, 403 if the client may not be in a room that it names
 */
export async function openPokeStream(
  request: ApiRequest,
  context: ConnectionContext,
  token: string,
): Promise<Response> {
  const rooms = readRooms(request.query["rooms"], context);
  await awaitSetupTurn(context);
  const requester = newRequester(token, context.now());
  if ((await identify(requester, context)).kind === "guest") throw unauthorized();
  await assertMayJoin(rooms, requester.principal, context);
  assertConnectionLimit(context, request.ip);
  await identify(requester, context, (principal) => {
    if (principal.kind === "guest") throw unauthorized();
    assertUserLimit(context, GUEST, principal);
  });
  request.logEntry.principal = principalName(requester.principal);
  const anyone = context.config.origins.includes("*") ? { "Access-Control-Allow-Origin": "*" } : {};
  const peer = { address: request.ip, logEntry: request.logEntry };
  const connection = new PokeConnection(context, peer, requester, rooms);
  return openSse(request.raw, request.server, connection, { ...HEADERS, ...anyone });
}

/** One stream: it says that it is connected, then pings, and pokes whenever there is something to pull. */
class PokeConnection implements SseListener {
  readonly #context: ConnectionContext;
  readonly #peer: Peer;
  readonly #principal: Principal;
  readonly #principalRevision: number;
  readonly #token: string;
  readonly #rooms: readonly string[];
  #wire: PokeWire | undefined;
  #connection: Connection<Session<Principal>> | undefined;
  #stopPokes: (() => void) | undefined;

  constructor(context: ConnectionContext, peer: Peer, requester: Requester, rooms: readonly string[]) {
    this.#context = context;
    this.#peer = peer;
    this.#principal = requester.principal;
    this.#principalRevision = requester.principalRevision;
    this.#token = requester.token;
    this.#rooms = rooms;
  }

  open(socket: Wire): void {
    const { authRevision, liveness, tokenExpiry } = this.#context;
    const principal = this.#principal;
    const wire = (this.#wire = new PokeWire(socket, () => {
      const session = this.#connection?.session;
      if (session) this.#context.connectionLog.poked(session);
    }));
    this.#connection = openConnection(this.#context, { kind: "poke", peer: this.#peer, principal, wire });
    const { session } = this.#connection;
    this.#stopPokes = startPokes(this.#context, session, wire, this.#rooms);
    wire.send(CONNECTED);
    liveness.pokePings.add(this, performance.now());
    tokenExpiry.set(session, this.#token, () => session.close("auth_expired"));
    // Accounts have changed since the principal was read: the client reconnects at once, and is identified again.
    if (this.#principalRevision !== authRevision.current) session.close("failed");
  }

  drained(): void {
    this.#wire?.drained();
    this.#connection?.session.drained();
  }

  closed(reason: CloseReason | "client"): void {
    this.#context.liveness.pokePings.remove(this);
    this.#stopPokes?.();
    this.#connection?.ended(reason);
  }

  /** Goes through the session, so that a full socket is noticed. Ends the stream if its token is no longer valid. */
  ping(): void {
    const session = this.#connection?.session;
    if (session?.principal.kind === "guest") session.close("failed");
    else session?.send([PING]);
  }
}
