import type { ProxyRequest, ProxyFault } from "../peers/proxy.ts";

/** A server with one fault, the case that catches it, and the message that the case must fail with. */
export interface BrokenPocketBase {
  readonly fault: string;
  readonly proxy: ProxyFault;
  readonly caughtBy: string;
  readonly message: RegExp;
}

const REALTIME = "/api/realtime";
const isSubmission = ({ method, path }: ProxyRequest): boolean => method === "POST" && path === REALTIME;
const isRecord = (block: string): boolean => block.includes('"record":');

function withToken(request: ProxyRequest, token: string | undefined): ProxyRequest {
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  if (token !== undefined) headers.set("authorization", token);
  return { ...request, headers };
}

/** Changes the body of each subscribe request. */
const submitting =
  (change: (body: Record<string, unknown>) => Record<string, unknown>) =>
  (request: ProxyRequest): ProxyRequest =>
    isSubmission(request) && request.body.startsWith('{"')
      ? { ...request, body: JSON.stringify(change(JSON.parse(request.body) as Record<string, unknown>)) }
      : request;

/** Responds in place of the server to every stream request after the first `most`. */
function streamsAfter(most: number, respond: () => Response): (request: ProxyRequest) => ProxyRequest | Response {
  let count = 0;
  return (request) => {
    if (request.method !== "GET" || request.path !== REALTIME) return request;
    count += 1;
    return count > most ? respond() : request;
  };
}

export const BROKEN_POCKETBASE_SERVERS: readonly BrokenPocketBase[] = [
  {
    fault: "greets without an id",
    proxy: { stream: () => (block) => [block.includes("PB_CONNECT") ? block.replace(/^id:.*\n/, "") : block] },
    caughtBy: "Basic connection establishment",
    message: /PB_CONNECT has no id/,
  },
  {
    fault: "ignores the token of a subscribe request",
    proxy: { request: (request) => (isSubmission(request) ? withToken(request, undefined) : request) },
    caughtBy: "Authentication support",
    message: /the create event of .*members\/\* did not arrive/,
  },
  {
    fault: "closes idle streams",
    proxy: { cutsAfterMs: 400, stream: () => (block) => (isRecord(block) || block.includes("PB_") ? [block] : []) },
    caughtBy: "Heartbeat/keep-alive",
    message: /the server closed an idle stream after \d+ ms/,
  },
  {
    fault: "rejects clients that reconnect",
    proxy: { request: streamsAfter(1, () => new Response("", { status: 404 })) },
    caughtBy: "Auto-reconnection",
    message: /the server answered 404/,
  },
  {
    fault: "keeps sending unsubscribed topics",
    proxy: {
      request: (() => {
        const known = new Map<unknown, Set<string>>();
        return submitting(({ clientId, subscriptions }) => {
          const all = known.get(clientId) ?? new Set<string>();
          known.set(clientId, all);
          if (!Array.isArray(subscriptions)) return { clientId, subscriptions };
          for (const name of subscriptions as string[]) all.add(name);
          return { clientId, subscriptions: [...all] };
        });
      })(),
    },
    caughtBy: "Graceful shutdown",
    message: /an event of .*open\/\* arrived after unsubscribing/,
  },
  {
    fault: "sends no events of public collections",
    proxy: { stream: () => (block) => (isRecord(block) ? [] : [block]) },
    caughtBy: "Public collection access",
    message: /an event of a public collection did not arrive/,
  },
  {
    fault: "treats every subscriber as a superuser",
    proxy: {
      request: (request, superuserToken) => (isSubmission(request) ? withToken(request, superuserToken) : request),
    },
    caughtBy: "Protected collection security",
    message: /a guest received a record that it may not see/,
  },
  {
    fault: "accepts forged tokens",
    proxy: {
      request: (request) =>
        request.path.endsWith("/auth-refresh") && (request.headers.get("authorization") ?? "").endsWith(".x")
          ? Response.json({})
          : request,
    },
    caughtBy: "Token management",
    message: /a forged token gets 200, not 401/,
  },
  {
    fault: "ignores rules about the owner",
    proxy: {
      request: (request, superuserToken) => (isSubmission(request) ? withToken(request, superuserToken) : request),
    },
    caughtBy: "Permission-based filtering",
    message: /received a record of .*, which the rule forbids/,
  },
  {
    fault: "accepts expired tokens",
    proxy: {
      request: (request) => (request.path.endsWith("/auth-refresh") ? Response.json({}) : request),
    },
    caughtBy: "Token expiration handling",
    message: /an expired token is still accepted|"expired" notice did not arrive/,
  },
  {
    fault: "names the create action insert",
    proxy: { stream: () => (block) => [block.replace('"action":"create"', '"action":"insert"')] },
    caughtBy: "CREATE event reception",
    message: /has action "insert", not create, update or delete/,
  },
  {
    fault: "sends the old record with an update",
    proxy: { stream: () => (block) => [block.replace('"title":"after"', '"title":"before"')] },
    caughtBy: "UPDATE event reception",
    message: /the update event has title "before", and the record has "after"/,
  },
  {
    fault: "sends no delete events",
    proxy: { stream: () => (block) => (block.includes('"action":"delete"') ? [] : [block]) },
    caughtBy: "DELETE event reception",
    message: /the delete event of .* did not arrive/,
  },
  {
    fault: "delays one event",
    proxy: {
      stream: () => {
        let [delayed, passed] = ["", 0];
        return (block) => {
          if (delayed === "" && /"n":7[,}]/.test(block)) {
            delayed = block;
            return [];
          }
          passed += delayed === "" ? 0 : 1;
          return passed === 30 ? [block, delayed] : [block];
        };
      },
    },
    caughtBy: "Event ordering guarantees",
    message: /out of order|different orders/,
  },
  {
    fault: "loses one of many events",
    proxy: { stream: () => (block) => (/"n":150[,}]/.test(block) ? [] : [block]) },
    caughtBy: "Bulk event processing",
    message: /the last of 200 events did not arrive/,
  },
  {
    fault: "resumes from its current position without saying so",
    proxy: {
      request: (request) => {
        request.headers.delete("last-event-id");
        return submitting((body) => ({ ...body, since: undefined }))(request);
      },
    },
    caughtBy: "Network interruption recovery",
    message: /the missed events or a resync did not arrive|lost, duplicated or out of order/,
  },
  {
    fault: "fails on a malformed request",
    proxy: {
      response: (response, request) =>
        response.status === 400 && request.body === "{" ? new Response("", { status: 500 }) : response,
    },
    caughtBy: "Malformed event handling",
    message: /the malformed request "\{" gets 500, not 400/,
  },
  {
    fault: "rejects requests under load without Retry-After",
    proxy: {
      request: (() => {
        let count = 0;
        return (request) => {
          count += request.path === "/api/health" ? 1 : 0;
          return request.path === "/api/health" && count > 20 ? new Response("", { status: 503 }) : request;
        };
      })(),
    },
    caughtBy: "Server overload handling",
    message: /a 503 response has no Retry-After/,
  },
  {
    fault: "fails on too many subscriptions",
    proxy: {
      response: (response, request) =>
        response.status === 400 && isSubmission(request) ? new Response("", { status: 500 }) : response,
    },
    caughtBy: "Subscription limit enforcement",
    message: /1001 subscriptions get 500 .*, not 400/,
  },
  {
    fault: "rejects clients whose stream went silent",
    proxy: { request: streamsAfter(1, () => new Response("", { status: 404 })) },
    caughtBy: "Timeout management",
    message: /the server answered 404/,
  },
  {
    fault: "skips one of a hundred clients",
    proxy: {
      stream: (() => {
        let count = 0;
        return () => {
          count += 1;
          const isSkipped = count === 20;
          return (block) => (isSkipped && isRecord(block) ? [] : [block]);
        };
      })(),
    },
    caughtBy: "Concurrent client scaling",
    message: /the create event of .* did not arrive/,
  },
  {
    fault: "drops an event of a burst",
    proxy: { stream: () => (block) => (/"n":150[,}]/.test(block) ? [] : [block]) },
    caughtBy: "Event batching efficiency",
    message: /the last batch of 200 events did not arrive/,
  },
  {
    fault: "delivers events slowly",
    proxy: {
      stream: () => async (block) => {
        if (isRecord(block)) await Bun.sleep(600);
        return [block];
      },
    },
    caughtBy: "Event latency measurement",
    message: /the median event takes \d+ ms, the median write \d+ ms/,
  },
  {
    fault: "keeps closed connections",
    proxy: {
      response: (response, request) =>
        response.status === 404 && isSubmission(request) ? new Response(null, { status: 204 }) : response,
    },
    caughtBy: "Memory usage stability",
    message: /the server still knows connections that were closed/,
  },
  {
    fault: "drops an event under load",
    proxy: {
      stream: () => {
        let count = 0;
        return (block) => {
          count += isRecord(block) ? 1 : 0;
          return isRecord(block) && count === 5 ? [] : [block];
        };
      },
    },
    caughtBy: "Throughput under load",
    message: /the last of \d+ events did not arrive/,
  },
];
