import type { Api } from "../api/create-api.ts";
import type { Config } from "../config.ts";
import { UserError } from "../lib/user-error.ts";
import type { Sockets } from "../transports/socket.ts";

/** @throws UserError when the address can't be had */
export function listen({ host, port }: Config, api: Api, { handler }: Sockets): Bun.Server<unknown> {
  try {
    return Bun.serve({
      hostname: host,
      // Development pages show stacks to clients, and a stream that we cut would be reported as an error.
      development: false,
      // Without development Bun shares the port with whoever else asks for it, and half of the requests go astray.
      reusePort: false,
      port,
      // Quiet requests are ended by Bun after this many seconds; streams lift it for themselves.
      idleTimeout: 60,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request, server) => api.fetch(request, server),
      websocket: handler,
    });
  } catch (error) {
    const { code } = error as { code?: unknown };
    const reason =
      code === "EADDRINUSE" ? "something else listens there" : error instanceof Error ? error.message : code;
    throw new UserError(`The server can't listen on ${host}:${port}: ${String(reason)}.`, { cause: error });
  }
}
