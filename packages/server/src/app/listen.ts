import type { Api } from "../api/create-api.ts";
import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { errorResponse } from "../http/error-response.ts";
import { UserError } from "../lib/user-error.ts";
import type { Sockets } from "../transports/socket.ts";

/** @throws UserError if the address can't be used */
export function listen(
  { host, port }: Config,
  api: Api,
  websocket: Sockets["handler"],
  logger: Logger,
): Bun.Server<unknown> {
  try {
    return Bun.serve({
      hostname: host,
      // In development mode Bun shows stack traces to clients, and reports streams that we cut as errors.
      development: false,
      // Outside development mode Bun would share the port with another process, which would get half of the requests.
      reusePort: false,
      port,
      // Bun ends requests that are quiet for this many seconds; streams disable it for themselves.
      idleTimeout: 60,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request, server) => api.fetch(request, server),
      // Bun's own would write the stack to standard error, where nothing masks what the request held.
      error: (error) => errorResponse(error, logger, ""),
      websocket,
    });
  } catch (error) {
    const { code } = error as { code?: unknown };
    const reason =
      code === "EADDRINUSE" ? "another program is using it" : error instanceof Error ? error.message : code;
    throw new UserError(`The server can't listen on ${host}:${port}: ${String(reason)}.`, { cause: error });
  }
}
