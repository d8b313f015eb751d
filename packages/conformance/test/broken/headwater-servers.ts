import type { Passing, ProxyFault } from "./proxy.ts";

/** A server with one fault, the case that is meant for it (or the beginning of its name), and what the message must name. */
export interface BrokenHeadwater {
  readonly fault: string;
  readonly proxy: ProxyFault;
  readonly found: string;
  readonly message: RegExp;
}

/** Changes blocks one by one. */
const blocks = (change: (block: string) => readonly string[]): ProxyFault => ({ stream: () => change });
const without = (part: string): ProxyFault => blocks((block) => (block.includes(part) ? [] : [block]));
const replacing = (part: string | RegExp, by: string): ProxyFault => blocks((block) => [block.replace(part, by)]);
const isPath = ({ path }: Passing, end: string): boolean => path.endsWith(end);

/** The one listener, of those that come while it is looked at, whom a fault hits. */
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
    fault: "does not greet",
    proxy: without("event: connection_open"),
    found: "Given task exists and running",
    message: /the first event is task_event, not connection_open/,
  },
  {
    fault: "does not wrap what it tells",
    proxy: replacing(/event: task_event/, "event: progress_update"),
    found: "Given task sends progress",
    message: /no progress_update came: .*"progress_update"/,
  },
  {
    fault: "tells the time in seconds",
    proxy: replacing(/"timestamp": "[^"]+"/, '"timestamp": 1704110400'),
    found: "Given task sends progress",
    message: /the timestamp of progress_update is 1704110400, and no ISO 8601 time/,
  },
  {
    fault: "writes data that is no JSON",
    proxy: replacing(/data: \{"status": "connected"/, "data: {'status': 'connected'"),
    found: "Given task exists and running",
    message: /the data of connection_open is no JSON: \{'status'/,
  },
  {
    fault: "goes on after the end of a task",
    proxy: blocks((block) =>
      block.includes("connection_close") ? [block.replace("_close", "_note"), block] : [block],
    ),
    found: "Given task completes successfully",
    message: /before connection_close comes .*, and not task_completed/,
  },
  {
    fault: "never says that it closes",
    proxy: without("event: connection_close"),
    found: "Given task completes successfully",
    message: /the stream ends with task_event, not connection_close/,
  },
  {
    fault: "keeps to itself why a task failed",
    proxy: replacing(/("event_type": "task_failed".*"data": ).*(, "correlation_id")/, "$1null$2"),
    found: "Given task fails with exception",
    message: /task_failed has no details of the error: null/,
  },
  {
    fault: "answers 404 for a task that is not there",
    proxy: {
      request: (request) => (request.path.includes("no-such-task") ? new Response("", { status: 404 }) : request),
    },
    found: "Given task does not exist",
    message: /no stream: 404/,
  },
  {
    fault: "does not beat",
    proxy: without("event: heartbeat"),
    found: "Given task idle",
    message: /another event did not come within 2000 ms/,
  },
  {
    fault: "tells one listener less than another",
    proxy: everySecond((block) => (block.includes('"progress": 0.9') ? [] : [block])),
    found: "Given multiple clients connect",
    message: /two listeners of one task were told different things/,
  },
  {
    fault: "leaves out the correlation id",
    proxy: replacing(/, "correlation_id": "[^"]*"/, ""),
    found: "Given event data contains correlation_id",
    message: /connection_open has no correlation_id/,
  },
  {
    fault: "gives the events of a stream different correlation ids",
    proxy: blocks((block) => [block.replace(/"correlation_id": "[^"]*"/, `"correlation_id": "${block.length}"`)]),
    found: "Given event data contains correlation_id",
    message: /one stream has two correlation ids/,
  },
  {
    fault: "forgets where a client was",
    proxy: {
      request: (request) => {
        request.headers.delete("last-event-id");
        return request;
      },
    },
    found: "Last-Event-ID resumes",
    message: /after .* come .*, and should/,
  },
  {
    fault: "gives all events one id",
    proxy: replacing(/^id: .*\n/, "id: e.1\n"),
    found: "events carry ids",
    message: /two events have one id/,
  },
  {
    fault: "leaves something out of the history",
    proxy: everySecond((block) => (block.includes('"progress": 0.9') ? [] : [block])),
    found: "a finished task's stream replays and closes",
    message: /the replay is .*, and was/,
  },
  {
    fault: "keeps the client's correlation id for its first event",
    proxy: blocks((block) => [block.includes("connection_open") ? block : block.replace("conformance-1", "other")]),
    found: "the client's correlation id is kept",
    message: /one stream has two correlation ids, "conformance-1" and "other"/,
  },
];

export const BROKEN_VERSION_SERVERS: readonly BrokenHeadwater[] = [
  {
    fault: "calls it version_info",
    proxy: replacing("event: version\n", "event: version_info\n"),
    found: "Given version stream endpoint",
    message: /the second event is version_info, not version/,
  },
  {
    fault: "leaves out the commit",
    proxy: replacing(/"git_commit": "[^"]*", /, ""),
    found: "Given version event",
    message: /version has no git_commit/,
  },
  {
    fault: "beats with comments",
    proxy: blocks((block) => [block.includes("event: heartbeat") ? ":" : block]),
    found: "Given connection stays open",
    message: /another event did not come/,
  },
  {
    fault: "beats without the time",
    proxy: replacing(/("timestamp": )"[^"]+"/, "$1null"),
    found: "Given connection stays open",
    message: /the timestamp of a heartbeat is null/,
  },
  {
    fault: "writes times as the database does",
    proxy: replacing(/("started_at": )"[^"]+"/, '$1"2024-01-01 12:00:00"'),
    found: "Given version data contains datetimes",
    message: /started_at is "2024-01-01 12:00:00", and no ISO 8601 time/,
  },
  {
    fault: "closes idle streams",
    proxy: { cutsAfterMs: 100 },
    found: "Given connection idle",
    message: /the stream was over after version/,
  },
  {
    fault: "beats at a third of the pace",
    proxy: {
      stream: () => {
        let count = 0;
        return (block) => {
          count += block.includes("event: heartbeat") ? 1 : 0;
          return block.includes("event: heartbeat") && count % 3 !== 0 ? [] : [block];
        };
      },
    },
    found: "Given heartbeat timing",
    message: /a heartbeat came after \d+ ms, where the interval is 1000/,
  },
];

export const BROKEN_REPLICACHE_SERVERS: readonly BrokenHeadwater[] = [
  {
    fault: "lets anyone in",
    proxy: { request: (request) => (isPath(request, "/stats") ? Response.json({}) : request) },
    found: "every endpoint refuses who has no valid token",
    message: /GET \/stats with no token is answered with 200, not 401/,
  },
  {
    fault: "lets caches keep the stream",
    proxy: { response: (response) => headers(response, (fields) => fields.set("cache-control", "max-age=60")) },
    found: "the head of the answer is that of a stream",
    message: /Cache-Control is max-age=60/,
  },
  {
    fault: "keeps other origins out",
    proxy: { response: (response) => headers(response, (fields) => fields.delete("access-control-allow-origin")) },
    found: "the head of the answer is that of a stream",
    message: /Access-Control-Allow-Origin is null/,
  },
  {
    fault: "greets in another way",
    proxy: replacing("data: connected", "event: open\ndata: connected"),
    found: "it begins with connected",
    message: /the first message is .*"open"/,
  },
  {
    fault: "does not ping",
    proxy: without("ping"),
    found: "it is pinged",
    message: /a ping did not come/,
  },
  {
    fault: "pokes one stream of several",
    proxy: everySecond((block) => (block.includes("sync") ? [] : [block])),
    found: "a poke reaches every stream of the user",
    message: /sync did not come/,
  },
  {
    fault: "does not say whom it poked",
    proxy: { request: (request) => (isPath(request, "/poke-user") ? Response.json({ success: true }) : request) },
    found: "its answer says what was done",
    message: /userId is undefined/,
  },
  {
    fault: "pokes everyone",
    proxy: { echo: (request) => (isPath(request, "/poke-user") ? "data: sync" : undefined) },
    found: "nobody else is poked",
    message: /another user's stream was told to sync/,
  },
  {
    fault: "does not poke after a push",
    proxy: { request: (request) => (isPath(request, "/push") ? Response.json({}) : request) },
    found: "a push pokes",
    message: /sync did not come/,
  },
  {
    fault: "miscounts",
    proxy: {
      request: (request) =>
        isPath(request, "/stats")
          ? Response.json({ userId: "u", userConnections: 1, totalConnections: 1, timestamp: new Date() })
          : request,
    },
    found: "they count the user's streams and all",
    message: /two streams are open, and userConnections is 1/,
  },
  {
    fault: "counts who is gone",
    proxy: {
      request: (request) =>
        isPath(request, "/stats")
          ? Response.json({ userId: "u", userConnections: 9, totalConnections: 9, timestamp: new Date() })
          : request,
    },
    found: "a stream that was closed is forgotten",
    message: /three streams were closed, and userConnections still is 9 of 9/,
  },
];
