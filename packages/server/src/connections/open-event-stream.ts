import { EventStream, type StreamSource } from "../transports/event-stream.ts";
import { openSse } from "../transports/sse.ts";
import type { ApiContext } from "../http/api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { assertRoom, takeTurn } from "./limits.ts";

/** Answers with what a source tells. The stream counts as a connection like any other. */
export async function openEventStream(request: ApiRequest, deps: ApiContext, source: StreamSource): Promise<Response> {
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
