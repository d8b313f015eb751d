import { isSuperuser } from "../rules/principal.ts";
import type { ApiRequest } from "../http/request.ts";
import { json } from "../http/responses.ts";

/** Headers that tell of a proxy which the settings don't know. */
const PROXY_HEADERS = ["CF-Connecting-IP", "Fly-Client-IP", "X-Forwarded-For"];

export const health = (request: ApiRequest): Response =>
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
