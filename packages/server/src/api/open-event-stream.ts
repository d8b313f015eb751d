import { EventStream, type StreamSource } from "../transports/event-stream.ts";
import { openSse } from "../transports/sse.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { ApiRequest } from "./api-request.ts";
import { assertRoom, takeTurn } from "./realtime-limits.ts";

/** Answers with what a source tells. The stream counts as a connection like any other. */
export async function openEventStream(request: ApiRequest, deps: ApiDeps, source: StreamSource): Promise<Response> {
  const { admission, eventStreams } = deps;
  const { ip, line } = request;
  await takeTurn(deps);
  assertRoom(deps, ip);
  const closed = (): void => {
    admission.leave(ip);
    line.write();
  };
  const stream = new EventStream(eventStreams, source, () => admission.enter(ip), closed);
  return openSse(request.raw, request.server, stream);
}
