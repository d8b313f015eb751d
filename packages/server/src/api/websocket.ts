import { SOCKET_PROTOCOL, TOKEN_PROTOCOL_PREFIX } from "@headwater/protocol";
import { assertConnectionLimit, assertUserLimit, awaitSetupTurn } from "../connections/assert-limits.ts";
import { SocketConnection } from "../connections/socket-connection.ts";
import { principalName } from "../http/access-log.ts";
import { logFailedAuth } from "../http/failed-auth.ts";
import { createCors } from "../http/cors.ts";
import type { ApiRequest } from "../http/request.ts";
import { identify, newRequester } from "../http/requester.ts";
import { assertMayActFrom } from "../http/superuser-address.ts";
import { jsonAs } from "../http/responses.ts";
import { type RouteResult, UPGRADED } from "../http/route.ts";
import { resumeCursor } from "../connections/resume-cursor.ts";
import { ApiError, forbidden } from "../lib/api-error.ts";
import { GUEST } from "../rules/principal.ts";
import { upgradeToSocket } from "../transports/socket.ts";
import type { ApiContext } from "./api-context.ts";

/** Opens a WebSocket. A client without a valid token is a guest, as everywhere. */
export async function connect(request: ApiRequest, api: ApiContext): Promise<RouteResult> {
  const { ip: address, logEntry, raw, now } = request;
  if (raw.headers.get("upgrade")?.toLowerCase() !== "websocket") return upgradeRequired();
  assertOrigin(request, api);
  const offered = protocolsOf(request);
  const requester = newRequester(request.token || tokenIn(offered) || (request.query["token"] ?? ""), now);
  await awaitSetupTurn(api);
  return identify(requester, api, (principal) => {
    assertMayActFrom(address, principal, api);
    assertConnectionLimit(api, address);
    assertUserLimit(api, GUEST, principal);
    // The one in a header is logged already.
    if (principal.kind === "guest" && requester.token !== request.token) {
      logFailedAuth(api.logger, request, "the token is not valid");
    }
    logEntry.principal = principalName(principal);
    logEntry.status = 101;
    const since = resumeCursor(request.query["since"], api);
    const token = principal.kind === "guest" ? "" : requester.token;
    const connection = new SocketConnection(api, { peer: { address, logEntry }, principal, token, since });
    return upgradeToSocket(raw, request.server, connection, chooseProtocol(offered)) ? UPGRADED : upgradeRequired();
  });
}

/** Browsers send the page's origin, other programs send none. @throws ApiError 403 if the origin is not allowed */
function assertOrigin({ raw }: ApiRequest, { config }: ApiContext): void {
  const origin = raw.headers.get("origin");
  if (origin && createCors(config.origins).allowed(origin) === undefined) throw forbidden();
}

const protocolsOf = ({ raw }: ApiRequest): readonly string[] =>
  (raw.headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());

const tokenIn = (protocols: readonly string[]): string | undefined =>
  protocols.find(isToken)?.slice(TOKEN_PROTOCOL_PREFIX.length);

/** Our protocol, or else the client's first: a browser closes if none is accepted. A token is never sent back. */
const chooseProtocol = (offered: readonly string[]): string | undefined =>
  offered.includes(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : offered.find((name) => name !== "" && !isToken(name));

const isToken = (name: string): boolean => name.startsWith(TOKEN_PROTOCOL_PREFIX);

/** RFC 9110, section 15.5.22: the response names the protocol to upgrade to. */
function upgradeRequired(): Response {
  const response = jsonAs(426, new ApiError(426, "Connect with a WebSocket.").toBody());
  response.headers.set("Upgrade", "websocket");
  response.headers.set("Connection", "Upgrade");
  response.headers.set("Sec-WebSocket-Version", "13");
  return response;
}
