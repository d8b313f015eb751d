import { VERSION } from "../lib/version.ts";
import type { StreamSource } from "../transports/event-stream.ts";
import type { ApiContext } from "../http/api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import {
  connectionClose,
  connectionOpen,
  correlated,
  correlationOf,
  heartbeat,
} from "../connections/correlated-events.ts";
import { openEventStream } from "../connections/open-event-stream.ts";

/** What is deployed, at once; then heartbeats. Whoever comes back after a deploy is told the new version. */
export function versionStream(request: ApiRequest, deps: ApiContext): Promise<Response> {
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

const describe = ({ config, startedAt }: ApiContext): Readonly<Record<string, unknown>> => ({
  version: config.release.version || VERSION,
  environment: config.environment,
  git_commit: config.release.commit || null,
  headwater: VERSION,
  bun: Bun.version,
  started_at: startedAt.toISOString(),
});
