import { openEventStream } from "../connections/event-stream-connection.ts";
import {
  correlationIdOf,
  encodeClose,
  encodeCorrelated,
  encodeHeartbeat,
  encodeOpen,
} from "../connections/event-stream-encoding.ts";
import type { ApiRequest } from "../http/request.ts";
import { VERSION } from "../lib/version.ts";
import type { StreamSource } from "../transports/event-stream.ts";
import type { ApiContext } from "./api-context.ts";

/** Sends the deployed version at once, then heartbeats. Clients that reconnect after a deploy get the new version. */
export function stream(request: ApiRequest, api: ApiContext): Promise<Response> {
  const correlationId = correlationIdOf(request);
  const source: StreamSource = {
    opening: encodeOpen(correlationId) + encodeCorrelated(correlationId, "version", versionOf(api)),
    listen: () => () => {},
    next: () => undefined,
    isOver: false,
    heartbeat: (now) => encodeHeartbeat(correlationId, now),
    closeNotice: (reason) => encodeClose(correlationId, reason),
  };
  return openEventStream(request, api, source, "");
}

const versionOf = ({ config, startedAt }: ApiContext): Readonly<Record<string, unknown>> => ({
  version: config.release.version || VERSION,
  environment: config.environment,
  git_commit: config.release.commit || null,
  headwater: VERSION,
  bun: Bun.version,
  started_at: startedAt.toISOString(),
});
