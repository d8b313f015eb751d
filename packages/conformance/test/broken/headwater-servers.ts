import type { ProxyRequest, ProxyFault } from "./proxy.ts";

/** A server with one fault, the case that catches it (or the start of its name), and the message it must fail with. */
export interface BrokenHeadwater {
  readonly fault: string;
  readonly proxy: ProxyFault;
  readonly caughtBy: string;
  readonly message: RegExp;
}

/** Maps each block on its own. */
const blocks = (change: (block: string) => readonly string[]): ProxyFault => ({ stream: () => change });
const without = (part: string): ProxyFault => blocks((block) => (block.includes(part) ? [] : [block]));
const replacing = (part: string | RegExp, by: string): ProxyFault => blocks((block) => [block.replace(part, by)]);
const isPath = ({ path }: ProxyRequest, end: string): boolean => path.endsWith(end);

/** Applies the fault to every second stream. */
function everySecond(change: (block: string) => readonly string[]): ProxyFault {
  let count = 0;
  return {
    stream: () => {
      count += 1;
      return count % 2 === 0 ? change : (block) => [block];
    },
  };
}

const headers = (response: Response, change: (headers: Headers) => void): Response => {
  const changed = new Headers(response.headers);
  change(changed);
  return new Response(response.body, { status: response.status, headers: changed });
};

export const BROKEN_TASK_SERVERS: readonly BrokenHeadwater[] = [
  {
    fault: "sends no connection_open",
    proxy: without("event: connection_open"),
    caughtBy: "Given task exists and running",
    message: /the first event is task_event, not connection_open/,
  },
  {
    fault: "does not wrap task events",
    proxy: replacing(/event: task_event/, "event: progress_update"),
    caughtBy: "Given task sends progress",
    message: /no progress_update arrived: .*"progress_update"/,
  },
  {
    fault: "sends timestamps in seconds",
    proxy: replacing(/"timestamp": "[^"]+"/, '"timestamp": 1704110400'),
    caughtBy: "Given task sends progress",
    message: /the timestamp of progress_update is 1704110400, not an ISO 8601 time/,
  },
  {
    fault: "sends data that is not JSON",
    proxy: replacing(/data: \{"status": "connected"/, "data: {'status': 'connected'"),
    caughtBy: "Given task exists and running",
    message: /the data of connection_open is not JSON: \{'status'/,
  },
  {
    fault: "continues after the end of a task",
    proxy: blocks((block) =>
      block.includes("connection_close") ? [block.replace("_close", "_note"), block] : [block],
    ),
    caughtBy: "Given task completes successfully",
    message: /before connection_close comes .*, not task_completed/,
  },
  {
    fault: "closes without connection_close",
    proxy: without("event: connection_close"),
    caughtBy: "Given task completes successfully",
    message: /the stream ends with task_event, not connection_close/,
  },
  {
    fault: "leaves out why a task failed",
    proxy: replacing(/("event_type": "task_failed".*"data": ).*(, "correlation_id")/, "$1null$2"),
    caughtBy: "Given task fails with exception",
    message: /task_failed has no error details: null/,
  },
  {
    fault: "responds 404 for an unknown task",
    proxy: {
      request: (request) => (request.path.includes("no-such-task") ? new Response("", { status: 404 }) : request),
    },
    caughtBy: "Given task does not exist",
    message: /not an event stream: 404/,
  },
  {
    fault: "sends no heartbeats",
    proxy: without("event: heartbeat"),
    caughtBy: "Given task idle",
    message: /another event did not arrive within 2000 ms/,
  },
  {
    fault: "sends one listener fewer events than another",
    proxy: everySecond((block) => (block.includes('"progress": 0.9') ? [] : [block])),
    caughtBy: "Given multiple clients connect",
    message: /two listeners of one task received different events/,
  },
  {
    fault: "leaves out the correlation id",
    proxy: replacing(/, "correlation_id": "[^"]*"/, ""),
    caughtBy: "Given event data contains correlation_id",
    message: /connection_open has no correlation_id/,
  },
  {
    fault: "gives the events of a stream different correlation ids",
    proxy: blocks((block) => [block.replace(/"correlation_id": "[^"]*"/, `"correlation_id": "${block.length}"`)]),
    caughtBy: "Given event data contains correlation_id",
    message: /one stream has two correlation ids/,
  },
  {
    fault: "ignores Last-Event-ID",
    proxy: {
      request: (request) => {
        request.headers.delete("last-event-id");
        return request;
      },
    },
    caughtBy: "Last-Event-ID resumes",
    message: /after .* come .*, expected/,
  },
  {
    fault: "gives all events the same id",
    proxy: replacing(/^id: .*\n/, "id: e.1\n"),
    caughtBy: "events carry ids",
    message: /two events have the same id/,
  },
  {
    fault: "leaves an event out of the history",
    proxy: everySecond((block) => (block.includes('"progress": 0.9') ? [] : [block])),
    caughtBy: "a finished task's stream replays and closes",
    message: /the replay is .*, the stream was/,
  },
  {
    fault: "uses the client's correlation id for the first event only",
    proxy: blocks((block) => [block.includes("connection_open") ? block : block.replace("conformance-1", "other")]),
    caughtBy: "the client's correlation id is kept",
    message: /one stream has two correlation ids, "conformance-1" and "other"/,
  },
];

export const BROKEN_VERSION_SERVERS: readonly BrokenHeadwater[] = [
  {
    fault: "names the version event version_info",
    proxy: replacing("event: version\n", "event: version_info\n"),
    caughtBy: "Given version stream endpoint",
    message: /the second event is version_info, not version/,
  },
  {
    fault: "leaves out the commit",
    proxy: replacing(/"git_commit": "[^"]*", /, ""),
    caughtBy: "Given version event",
    message: /version has no git_commit/,
  },
  {
    fault: "sends heartbeats as comments",
    proxy: blocks((block) => [block.includes("event: heartbeat") ? ":" : block]),
    caughtBy: "Given connection stays open",
    message: /another event did not arrive/,
  },
  {
    fault: "sends heartbeats without a timestamp",
    proxy: replacing(/("timestamp": )"[^"]+"/, "$1null"),
    caughtBy: "Given connection stays open",
    message: /the timestamp of a heartbeat is null/,
  },
  {
    fault: "sends times in the database's format",
    proxy: replacing(/("started_at": )"[^"]+"/, '$1"2024-01-01 12:00:00"'),
    caughtBy: "Given version data contains datetimes",
    message: /started_at is "2024-01-01 12:00:00", not an ISO 8601 time/,
  },
  {
    fault: "closes idle streams",
    proxy: { cutsAfterMs: 100 },
    caughtBy: "Given connection idle",
    message: /the stream ended after version/,
  },
  {
    fault: "sends one heartbeat in three",
    proxy: {
      stream: () => {
        let count = 0;
        return (block) => {
          count += block.includes("event: heartbeat") ? 1 : 0;
          return block.includes("event: heartbeat") && count % 3 !== 0 ? [] : [block];
        };
      },
    },
    caughtBy: "Given heartbeat timing",
    message: /a heartbeat came after \d+ ms; the interval is 1000/,
  },
];

export const BROKEN_REPLICACHE_SERVERS: readonly BrokenHeadwater[] = [
  {
    fault: "accepts requests without a token",
    proxy: { request: (request) => (isPath(request, "/stats") ? Response.json({}) : request) },
    caughtBy: "every endpoint rejects requests without a valid token",
    message: /GET \/stats with no token gets 200, not 401/,
  },
  {
    fault: "allows caching",
    proxy: { response: (response) => headers(response, (fields) => fields.set("cache-control", "max-age=60")) },
    caughtBy: "the response headers are those of an event stream",
    message: /Cache-Control is max-age=60/,
  },
  {
    fault: "sends no CORS header",
    proxy: { response: (response) => headers(response, (fields) => fields.delete("access-control-allow-origin")) },
    caughtBy: "the response headers are those of an event stream",
    message: /Access-Control-Allow-Origin is null/,
  },
  {
    fault: "sends a different first message",
    proxy: replacing("data: connected", "event: open\ndata: connected"),
    caughtBy: "the first message is connected",
    message: /the first message is .*"open"/,
  },
  {
    fault: "does not ping",
    proxy: without("ping"),
    caughtBy: "the stream is pinged",
    message: /a ping did not arrive/,
  },
  {
    fault: "pokes one stream of several",
    proxy: everySecond((block) => (block.includes("sync") ? [] : [block])),
    caughtBy: "a poke reaches every stream of the user",
    message: /sync did not arrive/,
  },
  {
    fault: "does not say which user it poked",
    proxy: { request: (request) => (isPath(request, "/poke-user") ? Response.json({ success: true }) : request) },
    caughtBy: "the response says what was done",
    message: /userId is undefined/,
  },
  {
    fault: "pokes everyone",
    proxy: { echo: (request) => (isPath(request, "/poke-user") ? "data: sync" : undefined) },
    caughtBy: "other users are not poked",
    message: /another user's stream received sync/,
  },
  {
    fault: "does not poke after a push",
    proxy: { request: (request) => (isPath(request, "/push") ? Response.json({}) : request) },
    caughtBy: "a push pokes the user",
    message: /sync did not arrive/,
  },
  {
    fault: "counts wrong",
    proxy: {
      request: (request) =>
        isPath(request, "/stats")
          ? Response.json({ userId: "u", userConnections: 1, totalConnections: 1, timestamp: new Date() })
          : request,
    },
    caughtBy: "stats count the user's streams and all streams",
    message: /two streams are open, but userConnections is 1/,
  },
  {
    fault: "counts closed streams",
    proxy: {
      request: (request) =>
        isPath(request, "/stats")
          ? Response.json({ userId: "u", userConnections: 9, totalConnections: 9, timestamp: new Date() })
          : request,
    },
    caughtBy: "a closed stream is no longer counted",
    message: /three of 9 streams were closed, but userConnections is still 9/,
  },
];
