import { systemClock } from "../../../client/src/clock.ts";
import { Connection } from "../../../client/src/connection/connection.ts";
import { DEFAULT_BACKOFF } from "../../../client/src/connection/backoff.ts";
import { Http } from "../../../client/src/http.ts";
import { sseTransport } from "../../../client/src/transport/sse-transport.ts";
import type { ClientDriver } from "../../src/clients/driver.ts";

const PATH = "/api/realtime";
const LIMITS = { ...DEFAULT_BACKOFF, connectMs: 30_000, stableMs: 0, quietMs: 50_000 };

/** What the SDK uses for event streams: its connection with its SSE transport, without subscriptions. */
export const headwaterClient: ClientDriver = {
  name: "@headwater/client",
  reconnects: true,
  closesAtOnce: true,
  open(url, _, onEvent) {
    let lastEventId = "";
    // The transport has one path; the script has one for each client.
    const fetchScript = (path: string, init: RequestInit): Promise<Response> => fetch(path.replace(PATH, ""), init);
    const connection = new Connection({
      transport: sseTransport({ http: new Http({ url, fetch: fetchScript, clock: systemClock }), strict: false }),
      clock: systemClock,
      random: () => 0,
      limits: LIMITS,
      lifecycle: () => () => undefined,
      quietMs: () => LIMITS.quietMs,
      listener: {
        onStateChange: () => undefined,
        onOpen: () => undefined,
        onEvent({ name, data, id }) {
          lastEventId = id ?? lastEventId;
          onEvent({ event: name, data, lastEventId });
        },
        onCursor: (id) => (lastEventId = id),
        onBytes: () => undefined,
        onWarning: () => undefined,
      },
    });
    connection.send({ kind: "start" });
    return Promise.resolve(() => connection.send({ kind: "stop" }));
  },
};
