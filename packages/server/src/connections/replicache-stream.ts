import { clientId } from "@headwater/protocol";
import { readPrincipal } from "../auth/read-principal.ts";
import { readClaims } from "../auth/token-claims.ts";
import type { Session } from "../hub/session.ts";
import type { Wire } from "../hub/wire.ts";
import { unauthorized } from "../lib/api-error.ts";
import { randomText } from "../lib/random.ts";
import { GUEST, type Principal, principalKey } from "../rules/principal.ts";
import { CONNECTED, PING, POKE_CODEC, PokeWire } from "../transports/poke.ts";
import { openSse, type SseListener } from "../transports/sse.ts";
import { principalName } from "../http/access-log.ts";
import type { ApiContext } from "../http/api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { assertRoom, assertRoomForUser, takeTurn } from "./limits.ts";
import { subscriptionsTo } from "./poke-streams.ts";

/** How often each stream is pinged, in milliseconds. */
const PING_MS = 30_000;

const HEADERS = { "Cache-Control": "no-cache", Connection: "keep-alive" };

/** Opens a stream for who has a token, or a ticket in its place. @throws ApiError 401 for anyone else */
export async function stream(request: ApiRequest, deps: ApiContext): Promise<Response> {
  const { ticket } = request.query;
  const token = ticket === undefined ? request.token : deps.sync.tickets.redeem(ticket);
  if (request.principal.kind === "guest" && token === "") throw unauthorized();
  await takeTurn(deps);
  assertRoom(deps, request.ip);
  const revision = deps.revisions.count;
  const principal = await readPrincipal(deps.tokens, deps.store, deps.registry.current, token, deps.now());
  if (principal.kind === "guest") throw unauthorized();
  assertRoomForUser(deps, GUEST, principal);
  request.line.principal = principalName(principal);
  const asked = { principal, revision, expires: (readClaims(token)?.exp ?? Infinity) * 1_000 };
  const anyone = deps.config.origins.includes("*") ? { "Access-Control-Allow-Origin": "*" } : {};
  return openSse(request.raw, request.server, new PokeConnection(request, deps, asked), { ...HEADERS, ...anyone });
}

interface Asked {
  readonly principal: Principal;
  /** How many revisions of principals there had been when it was read. */
  readonly revision: number;
  /** When its token does, in milliseconds since 1970. */
  readonly expires: number;
}

/** One stream: connected, then pings, and a poke whenever there is something to pull. */
class PokeConnection implements SseListener {
  readonly #deps: ApiContext;
  readonly #address: string;
  readonly #line: ApiRequest["line"];
  readonly #asked: Asked;
  #wire: PokeWire | undefined;
  #session: Session<Principal> | undefined;
  #timer: Timer | undefined;
  #leave: (() => void) | undefined;

  constructor({ ip, line }: ApiRequest, deps: ApiContext, asked: Asked) {
    this.#address = ip;
    this.#line = line;
    this.#deps = deps;
    this.#asked = asked;
  }

  open(socket: Wire): void {
    const { hub, admission, registry, revisions, sync } = this.#deps;
    const { principal, revision } = this.#asked;
    const wire = new PokeWire(socket);
    const session = hub.open({
      id: clientId(randomText(40)),
      address: this.#address,
      principal,
      wire,
      codec: POKE_CODEC,
      since: undefined,
      openedAt: Date.now(),
    });
    admission.enter(this.#address);
    [this.#wire, this.#session] = [wire, session];
    this.#leave = sync.streams.add(principalKey(principal), { session, poke: () => wire.poke() });
    hub.subscribe(session, principal, subscriptionsTo(registry.current));
    wire.send(CONNECTED);
    this.#timer = setInterval(() => this.#beat(), PING_MS);
    // Who it is may have changed since it was read: the client comes back at once, and is asked again.
    if (revision !== revisions.count) session.close("failed");
  }

  drained(): void {
    this.#wire?.drained();
    this.#session?.drained();
  }

  closed(): void {
    clearInterval(this.#timer);
    this.#leave?.();
    this.#session?.ended();
    this.#deps.admission.leave(this.#address);
    this.#line.write();
  }

  #beat(): void {
    const isOver = this.#session?.principal.kind === "guest" || Date.now() >= this.#asked.expires;
    if (isOver) this.#session?.close("failed");
    else this.#session?.send([PING]);
  }
}
