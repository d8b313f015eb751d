import { parseCursor, SOCKET_PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "@headwater/protocol";
import { ApiError, forbidden } from "../lib/api-error.ts";
import { GUEST } from "../rules/principal.ts";
import { upgradeToSocket } from "../transports/socket.ts";
import { principalName } from "../http/access-log.ts";
import type { ApiContext } from "../http/api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { createCors } from "../http/cors.ts";
import { identify, isOutdated, newAsker } from "../http/identify.ts";
import { assertRoom, assertRoomForUser, takeTurn } from "../connections/limits.ts";
import { jsonAs } from "../http/responses.ts";
import { type Answer, get, type Route, UPGRADED } from "../http/route.ts";
import { SocketConnection } from "../connections/socket-connection.ts";

export const socketRoutes: readonly Route[] = [get("/realtime/subscribe", connect)];

/** Opens a WebSocket. Who has no token, or none that is good, is a guest, as everywhere. */
async function connect(request: ApiRequest, deps: ApiContext): Promise<Answer> {
  const { ip: address, line, raw, now } = request;
  if (raw.headers.get("upgrade")?.toLowerCase() !== "websocket") return upgradeRequired();
  assertOrigin(request, deps);
  const offered = protocolsOf(request);
  const asker = newAsker(request.token || tokenIn(offered) || (request.query["token"] ?? ""), now);
  await takeTurn(deps);
  while (isOutdated(asker, deps)) await identify(asker, deps);
  const { principal } = asker;
  assertRoom(deps, address);
  assertRoomForUser(deps, GUEST, principal);
  line.principal = principalName(principal);
  line.status = 101;
  const since = parseCursor(request.query["since"] ?? "");
  const connection = new SocketConnection(deps, { address, principal, since, line });
  return upgradeToSocket(raw, request.server, connection, chosen(offered)) ? UPGRADED : upgradeRequired();
}

/** A page of another origin may not connect as its visitors do; programs send no origin. @throws ApiError 403 */
function assertOrigin({ raw }: ApiRequest, { config }: ApiContext): void {
  const origin = raw.headers.get("origin");
  if (origin && createCors(config.origins).allowed(origin) === undefined) throw forbidden();
}

const protocolsOf = ({ raw }: ApiRequest): readonly string[] =>
  (raw.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());

const tokenIn = (protocols: readonly string[]): string | undefined =>
  protocols.find(isToken)?.slice(TOKEN_PROTOCOL_PREFIX.length);

/** Ours, or the client's first: a browser that offers some and gets none back closes. A token is never said back. */
const chosen = (protocols: readonly string[]): string | undefined =>
  protocols.includes(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : protocols.find((name) => name !== "" && !isToken(name));

const isToken = (name: string): boolean => name.startsWith(TOKEN_PROTOCOL_PREFIX);

/** RFC 9110, section 15.5.22: the answer names what to change to. */
function upgradeRequired(): Response {
  const response = jsonAs(426, new ApiError(426, "Connect with a WebSocket.").toBody());
  response.headers.set("Upgrade", "websocket");
  response.headers.set("Connection", "Upgrade");
  response.headers.set("Sec-WebSocket-Version", "13");
  return response;
}
