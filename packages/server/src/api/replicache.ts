import type { PushAnswer, SyncError } from "@headwater/protocol";
import type { z } from "zod";
import type { AuthRecord } from "../auth/tokens.ts";
import { badRequest, unauthorized } from "../lib/api-error.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { principalKey } from "../rules/principal.ts";
import { pull, type PullResult } from "../sync/pull.ts";
import { push } from "../sync/push.ts";
import { OTHER_VERSION, PULL, PUSH } from "../sync/requests.ts";
import type { ApiContext } from "../http/api-context.ts";
import type { ApiRequest } from "../http/request.ts";
import { compressedJson } from "../http/compressed.ts";
import { signedIn } from "../http/guards.ts";
import { identify } from "../http/identify.ts";
import { recordContext } from "./record-context.ts";
import { stream } from "../connections/replicache-stream.ts";
import { jsonAs } from "../http/responses.ts";
import { get, post, type Route } from "../http/route.ts";
import { TICKET_MS } from "../connections/stream-tickets.ts";

const BASE = "/api/v1/replicache";
/** A client sends all that it has not seen confirmed, in one body: one that is refused for its size would never get on. */
const MAX_PUSH_BYTES = 256 << 20;

export const replicacheRoutes: readonly Route[] = [
  post(`${BASE}/push`, signedIn(receivePush), { bodyLimit: () => MAX_PUSH_BYTES }),
  post(`${BASE}/pull`, signedIn(answerPull)),
  get(`${BASE}/stream`, stream),
  // What the stream was called before.
  get(`${BASE}/events`, stream),
  post(`${BASE}/ticket`, signedIn(giveTicket)),
  post(`${BASE}/poke-user`, signedIn(pokeUser)),
  get(`${BASE}/stats`, signedIn(stats)),
];

async function receivePush(request: ApiRequest, deps: ApiContext): Promise<Response> {
  const body = await request.json();
  const parsed = PUSH.safeParse(body);
  if (!parsed.success) return unreadable(body, "push", parsed.error);
  const { clientGroupID: group, mutations } = parsed.data;
  const context = async (): Promise<RecordContext> => {
    // A queue of a thousand takes its time: its sender may be another by its end.
    while (request.identifiedAt !== deps.revisions.count) await identify(request, deps);
    if (request.principal.kind === "guest") throw unauthorized();
    return recordContext(request, deps);
  };
  try {
    const pushed = await push({ ...deps, queue: deps.sync.pushes }, context, { group, mutations });
    if ("error" in pushed) return syncError(pushed);
    for (const rejected of pushed.rejected) deps.logger.info({ request: request.id, ...rejected }, "mutation rejected");
    const { rejected } = pushed;
    return jsonAs(200, (rejected.length > 0 ? { rejected } : {}) satisfies PushAnswer);
  } finally {
    // Also where nothing changed: clients do not pull after a push, and would show what was refused until they do.
    deps.sync.streams.poke(principalKey(request.principal));
  }
}

async function answerPull(request: ApiRequest, deps: ApiContext): Promise<Response> {
  const body = await request.json();
  const parsed = PULL.safeParse(body);
  if (!parsed.success) return unreadable(body, "pull", parsed.error);
  const { clientGroupID: group, cookie } = parsed.data;
  // A view is the same for all clients of a group: nothing of the single request counts in its rules.
  const nothing = { method: "GET", query: {}, headers: {}, body: {} };
  const context = (): RecordContext => ({ ...recordContext(request, deps), ...nothing });
  const pulled = await pull({ ...deps, queue: deps.sync.pulls }, context, { group, cookie });
  if ("error" in pulled) return syncError(pulled);
  if (pulled.partial) deps.sync.streams.poke(principalKey(request.principal));
  return compressedJson(request.raw, encodePull(pulled));
}

/** The operations are JSON already. */
function encodePull({ cookie, lastMutationIDChanges, patch, partial }: PullResult): string {
  const head = JSON.stringify({ cookie, lastMutationIDChanges, ...(partial && { partial }) });
  return `${head.slice(0, -1)},"patch":[${patch.join(",")}]}`;
}

const syncError = (error: SyncError): Response => jsonAs(200, error);

function unreadable(body: unknown, versionType: "push" | "pull", cause: z.ZodError): Response {
  if (OTHER_VERSION.safeParse(body).success) return syncError({ error: "VersionNotSupported", versionType });
  throw badRequest("", {}, cause);
}

function giveTicket(request: ApiRequest, deps: ApiContext): Response {
  const expires = new Date(request.now.getTime() + TICKET_MS).toISOString();
  return jsonAs(200, { ticket: deps.sync.tickets.issue(request.token), expires });
}

function pokeUser(request: ApiRequest, deps: ApiContext, owner: AuthRecord): Response {
  return jsonAs(200, {
    success: true,
    userId: owner.values.id,
    clientsNotified: deps.sync.streams.poke(principalKey(request.principal)),
    message: "User-specific sync triggered",
    timestamp: request.now.toISOString(),
  });
}

function stats(request: ApiRequest, deps: ApiContext, owner: AuthRecord): Response {
  const { streams } = deps.sync;
  return jsonAs(200, {
    userId: owner.values.id,
    userConnections: streams.countOf(principalKey(request.principal)),
    totalConnections: streams.size,
    timestamp: request.now.toISOString(),
  });
}
