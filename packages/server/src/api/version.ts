import { VERSION } from "../lib/version.ts";
import type { StreamSource } from "../transports/event-stream.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { ApiRequest } from "./api-request.ts";
import { connectionClose, connectionOpen, correlated, correlationOf, heartbeat } from "./correlated-events.ts";
import { openEventStream } from "./open-event-stream.ts";

/** What is deployed, at once; then heartbeats. Whoever comes back after a deploy is told the new version. */
export function versionStream(request: ApiRequest, deps: ApiDeps): Promise<Response> {
  const correlation = correlationOf(request);
  const source: StreamSource = {
    opening: connectionOpen(correlation) + correlated(correlation, "version", describe(deps)),
    listen: () => () => {},
    next: () => undefined,
    isOver: false,
    heartbeat: (now) => heartbeat(correlation, now),
    farewell: connectionClose(correlation, "server_shutdown"),
  };
  return openEventStream(request, deps, source);
}

const describe = ({ config, startedAt }: ApiDeps): Readonly<Record<string, unknown>> => ({
  version: config.release.version || VERSION,
  environment: config.environment,
  git_commit: config.release.commit || null,
  headwater: VERSION,
  bun: Bun.version,
  started_at: startedAt.toISOString(),
});
