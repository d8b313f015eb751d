import type { ApiRequest } from "../http/request.ts";
import { json } from "../http/responses.ts";
import { isSuperuser } from "../rules/principal.ts";

/** Headers that show that the server runs behind a proxy. */
const PROXY_HEADERS = ["CF-Connecting-IP", "Fly-Client-IP", "X-Forwarded-For"];

export const view = (request: ApiRequest): Response =>
  json(request, {
    message: "API is healthy.",
    code: 200,
    data: isSuperuser(request.principal) ? details(request) : {},
  });

const details = ({ ip, raw }: ApiRequest): Readonly<Record<string, unknown>> => ({
  canBackup: true,
  possibleProxyHeader: PROXY_HEADERS.find((name) => raw.headers.has(name)) ?? "",
  realIP: ip,
});
