import type { Passing, ProxyFault } from "./proxy.ts";

/** A server of PocketBase's protocol with one fault, the case that is meant for it, and what the message must name. */
export interface BrokenPocketBase {
  readonly fault: string;
  readonly proxy: ProxyFault;
  readonly found: string;
  readonly message: RegExp;
  /** It is about time, and can't be told from a machine under load. */
  readonly alone?: true;
}

const REALTIME = "/api/realtime";
const isSubmission = ({ method, path }: Passing): boolean => method === "POST" && path === REALTIME;
const isRecord = (block: string): boolean => block.includes('"record":');

function as(request: Passing, token: string | undefined): Passing {
  const headers = new Headers(request.headers);
  headers.delete("authorization");
  if (token !== undefined) headers.set("authorization", token);
  return { ...request, headers };
}

/** A change of the body of each request for subscriptions. */
const submitting =
  (change: (body: Record<string, unknown>) => Record<string, unknown>) =>
  (request: Passing): Passing =>
    isSubmission(request) && request.body.startsWith('{"')
      ? { ...request, body: JSON.stringify(change(JSON.parse(request.body) as Record<string, unknown>)) }
      : request;

/** Streams beyond so many are answered otherwise. */
function streamsAfter(most: number, answer: () => Response): (request: Passing) => Passing | Response {
  let count = 0;
  return (request) => {
    if (request.method !== "GET" || request.path !== REALTIME) return request;
    count += 1;
    return count > most ? answer() : request;
  };
}

export const BROKEN_POCKETBASE_SERVERS: readonly BrokenPocketBase[] = [
  {
    fault: "greets without an id",
    proxy: { stream: () => (block) => [block.includes("PB_CONNECT") ? block.replace(/^id:.*\n/, "") : block] },
    found: "Basic connection establishment",
    message: /PB_CONNECT has no id/,
  },
  {
    fault: "does not look at the token of a subscription",
    proxy: { request: (request) => (isSubmission(request) ? as(request, undefined) : request) },
    found: "Authentication support",
    message: /the create event of .*members\/\* did not come/,
  },
  {
    fault: "ends quiet streams",
    proxy: { cutsAfterMs: 400, stream: () => (block) => (isRecord(block) || block.includes("PB_") ? [block] : []) },
    found: "Heartbeat/keep-alive",
    message: /the server ended a quiet stream after \d+ ms/,
  },
  {
    fault: "does not let anyone back in",
    proxy: { request: streamsAfter(1, () => new Response("", { status: 404 })) },
    found: "Auto-reconnection",
    message: /the server answered 404/,
  },
  {
    fault: "goes on with what was unsubscribed",
    proxy: {
      request: (() => {
        const known = new Map<unknown, Set<string>>();
        return submitting(({ clientId, subscriptions }) => {
          const all = known.get(clientId) ?? new Set<string>();
          known.set(clientId, all);
          for (const name of subscriptions as string[]) all.add(name);
          return { clientId, subscriptions: [...all] };
        });
      })(),
    },
    found: "Graceful shutdown",
    message: /an event of .*open\/\* came after it was unsubscribed/,
  },
  {
    fault: "tells nobody of public records",
    proxy: { stream: () => (block) => (isRecord(block) ? [] : [block]) },
    found: "Public collection access",
    message: /an event of a collection that anyone may list did not come/,
  },
  {
    fault: "judges every subscriber as a superuser",
    proxy: { request: (request, root) => (isSubmission(request) ? as(request, root) : request) },
    found: "Protected collection security",
    message: /a guest was told of a record that it may not see/,
  },
  {
    fault: "accepts forged tokens",
    proxy: {
      request: (request) =>
        request.path.endsWith("/auth-refresh") && (request.headers.get("authorization") ?? "").endsWith(".x")
          ? Response.json({})
          : request,
    },
    found: "Token management",
    message: /a forged token is answered with 200, not 401/,
  },
  {
    fault: "keeps no rule by owner",
    proxy: { request: (request, root) => (isSubmission(request) ? as(request, root) : request) },
    found: "Permission-based filtering",
    message: /was told of a record of .*: the rule is not kept/,
  },
  {
    fault: "accepts tokens that have expired",
    proxy: {
      request: (request) => (request.path.endsWith("/auth-refresh") ? Response.json({}) : request),
    },
    found: "Token expiration handling",
    message: /a token that has expired is still accepted/,
  },
  {
    fault: "calls creates inserts",
    proxy: { stream: () => (block) => [block.replace('"action":"create"', '"action":"insert"')] },
    found: "CREATE event reception",
    message: /the create event of .* did not come/,
  },
  {
    fault: "tells of updates with the old record",
    proxy: { stream: () => (block) => [block.replace('"title":"after"', '"title":"before"')] },
    found: "UPDATE event reception",
    message: /the update event has title "before", where the record has "after"/,
  },
  {
    fault: "does not tell of deletes",
    proxy: { stream: () => (block) => (block.includes('"action":"delete"') ? [] : [block]) },
    found: "DELETE event reception",
    message: /the delete event of .* did not come/,
  },
  {
    fault: "tells of something late",
    proxy: {
      stream: () => {
        let [held, passed] = ["", 0];
        return (block) => {
          if (held === "" && /"n":7[,}]/.test(block)) {
            held = block;
            return [];
          }
          passed += held === "" ? 0 : 1;
          return passed === 30 ? [block, held] : [block];
        };
      },
    },
    found: "Event ordering guarantees",
    message: /out of order|different orders/,
  },
  {
    fault: "loses events of a bulk",
    proxy: { stream: () => (block) => (/"n":150[,}]/.test(block) ? [] : [block]) },
    found: "Bulk event processing",
    message: /the last of 200 events did not come/,
  },
  {
    fault: "resumes from where it is, and does not say so",
    proxy: {
      request: (request) => {
        request.headers.delete("last-event-id");
        return submitting((body) => ({ ...body, since: undefined }))(request);
      },
    },
    found: "Network interruption recovery",
    message: /what was missed.* did not come|lost, doubled or out of order/,
  },
  {
    fault: "breaks down over a malformed request",
    proxy: {
      response: (response, request) =>
        response.status === 400 && request.body === "{" ? new Response("", { status: 500 }) : response,
    },
    found: "Malformed event handling",
    message: /the malformed request "\{" is answered with 500, not 400/,
  },
  {
    fault: "refuses under load and does not say for how long",
    proxy: {
      request: (() => {
        let count = 0;
        return (request) => {
          count += request.path === "/api/health" ? 1 : 0;
          return request.path === "/api/health" && count > 20 ? new Response("", { status: 503 }) : request;
        };
      })(),
    },
    found: "Server overload handling",
    message: /503 does not say when to come back/,
  },
  {
    fault: "breaks down over too many subscriptions",
    proxy: {
      response: (response, request) =>
        response.status === 400 && isSubmission(request) ? new Response("", { status: 500 }) : response,
    },
    found: "Subscription limit enforcement",
    message: /1001 subscriptions are answered with 500 .*, not 400/,
  },
  {
    fault: "lets nobody in again whose stream fell silent",
    proxy: { request: streamsAfter(1, () => new Response("", { status: 404 })) },
    found: "Timeout management",
    message: /the server answered 404/,
  },
  {
    fault: "forgets one of a hundred clients",
    proxy: {
      stream: (() => {
        let count = 0;
        return () => {
          count += 1;
          const isForgotten = count === 20;
          return (block) => (isForgotten && isRecord(block) ? [] : [block]);
        };
      })(),
    },
    found: "Concurrent client scaling",
    message: /the create event of .* did not come/,
  },
  {
    fault: "drops an event of a burst",
    proxy: { stream: () => (block) => (/"n":150[,}]/.test(block) ? [] : [block]) },
    found: "Event batching efficiency",
    message: /the last batch of 200 events did not come/,
  },
  {
    fault: "is slow to tell",
    proxy: {
      stream: () => async (block) => {
        if (isRecord(block)) await Bun.sleep(600);
        return [block];
      },
    },
    found: "Event latency measurement",
    message: /half of the events take over \d+ ms, a write \d+/,
    alone: true,
  },
  {
    fault: "still knows clients that are gone",
    proxy: {
      response: (response, request) =>
        response.status === 404 && isSubmission(request) ? new Response(null, { status: 204 }) : response,
    },
    found: "Memory usage stability",
    message: /connections that were closed are still held by the server/,
  },
  {
    fault: "drops an event under load",
    proxy: { stream: () => (block) => (/"n":3[,}]/.test(block) ? [] : [block]) },
    found: "Throughput under load",
    message: /the last of \d+ events did not come/,
  },
];
