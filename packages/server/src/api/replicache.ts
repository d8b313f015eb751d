import type { ErrorData, PushResponse, RejectedMutation, SyncError } from "@headwater/protocol";
import type { Logger } from "pino";
import type { AuthRecord } from "../auth/tokens.ts";
import { openPokeStream } from "../connections/pokes/poke-connection.ts";
import { forbiddenRooms, readRooms } from "../connections/pokes/rooms.ts";
import { TICKET_MS } from "../connections/pokes/stream-tickets.ts";
import { compressedJson } from "../http/compressed-json.ts";
import type { ApiRequest, Params } from "../http/request.ts";
import { identify } from "../http/requester.ts";
import { jsonAs } from "../http/responses.ts";
import { type ApiError, badRequest, invalid, limited, unauthorized } from "../lib/api-error.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { principalKey } from "../rules/principal.ts";
import { pull as pullView, type PullResult } from "../sync/pull.ts";
import { push as pushMutations } from "../sync/push.ts";
import { OTHER_PULL, PULL, readPush } from "../sync/requests.ts";
import type { ApiContext } from "./api-context.ts";
import { queryOwner } from "./query-owner.ts";
import { recordContext } from "./record-context.ts";

/** Mutations that the log shows of one push. */
const MAX_LOGGED = 10;

/** A client sends all unconfirmed mutations in one body: if that were too large, the client could never continue. */
export const pushBodyLimit = (_params: Params, { config }: ApiContext): number =>
  config.limits.bodies.pushBytes || Number.POSITIVE_INFINITY;

export async function push(request: ApiRequest, api: ApiContext): Promise<Response> {
  const rooms = readRooms(request.query["rooms"], api);
  const { mutationBytes, pushMutations: max } = api.config.limits.bodies;
  const limits = { json: request.bodies.json, bytes: mutationBytes };
  const found = await readPush(await request.jsonBytes(), max > 0 ? max + 1 : Number.POSITIVE_INFINITY, limits);
  if (!found) return syncError({ error: "VersionNotSupported", versionType: "push" });
  const isTooLong = max > 0 && found.mutations.length > max;
  const [group, mutations] = [found.group, isTooLong ? found.mutations.slice(0, max) : found.mutations];
  // A thousand mutations take a while, in which the sender's account may change.
  const currentContext = (): Promise<RecordContext> =>
    identify(request, api, (principal) => {
      if (principal.kind === "guest") throw unauthorized();
      return recordContext(request, api);
    });
  const pokeAll = (): Promise<readonly string[]> => pokeAfterPush(request, api, rooms);
  const pushed = await pushMutations({ ...api, queue: api.pushQueue }, currentContext, { group, mutations }).catch(
    async (error: unknown) => {
      await pokeAll();
      throw error;
    },
  );
  const refusedRooms = await pokeAll();
  if ("error" in pushed) return syncError(pushed);
  const { rejected } = pushed;
  logRejected(api.logger, request.id, rejected);
  countLimits(api, rejected);
  if (isTooLong) throw tooManyMutations(api, max);
  return jsonAs(200, {
    ...(rejected.length > 0 && { rejected }),
    ...(refusedRooms.length > 0 && { refusedRooms }),
  } satisfies PushResponse);
}

/**
 * Pokes the pusher's clients even if nothing changed: they don't pull after a push, and would keep showing a rejected
 * mutation. Then those in the rooms.
 *
 * @returns the rooms that the pusher may not poke. The push itself must not fail: its client would send it again for ever.
 */
async function pokeAfterPush(
  { principal }: ApiRequest,
  api: ApiContext,
  rooms: readonly string[],
): Promise<readonly string[]> {
  api.pokes.poke(principalKey(principal));
  const refused = await forbiddenRooms(rooms, principal, api);
  const allowed = rooms.filter((room) => !refused.includes(room));
  api.background(async () => void (await Promise.all(allowed.map((room) => api.pokes.pokeRoom(room)))));
  return refused;
}

export async function pull(request: ApiRequest, api: ApiContext): Promise<Response> {
  const body = await request.json();
  const parsed = PULL.safeParse(body);
  if (!parsed.success && OTHER_PULL.safeParse(body).success) {
    return syncError({ error: "VersionNotSupported", versionType: "pull" });
  }
  if (!parsed.success) throw badRequest("", {}, parsed.error);
  const { clientGroupID: group, cookie } = parsed.data;
  // All clients of a group share a view, so its rules see nothing of the single request.
  const blank = { method: "GET", query: {}, headers: {}, body: {} };
  const context = (): RecordContext => ({ ...recordContext(request, api), ...blank });
  const pulled = await pullView({ ...api, owner: queryOwner(request), queue: api.pullQueue }, context, {
    group,
    cookie,
  });
  if ("error" in pulled) return syncError(pulled);
  if (pulled.partial) api.pokes.poke(principalKey(request.principal));
  return compressedJson(request.raw, encodePull(pulled));
}

/** The operations are JSON already. */
function encodePull({ cookie, lastMutationIDChanges, patch, partial }: PullResult): string {
  const head = JSON.stringify({ cookie, lastMutationIDChanges, ...(partial && { partial }) });
  return `${head.slice(0, -1)},"patch":[${patch.join(",")}]}`;
}

const syncError = (error: SyncError): Response => jsonAs(200, error);

/** Some of them, with as much of their errors as fits into a line: a client can send any number. */
function logRejected(logger: Logger, request: string, rejected: readonly RejectedMutation[]): void {
  for (const { clientID, id, name, error } of rejected.slice(0, MAX_LOGGED)) {
    const { status, message } = error;
    logger.info(
      { request, clientID, id, name, error: { status, message: message.slice(0, 200) } },
      "mutation rejected",
    );
  }
  const more = rejected.length - MAX_LOGGED;
  if (more > 0) logger.info({ request, more }, "more mutations rejected");
}

function countLimits({ metrics }: ApiContext, rejected: readonly RejectedMutation[]): void {
  for (const { error } of rejected) {
    const { code } = (error.data as ErrorData)["args"] ?? {};
    if (typeof code === "string" && code.startsWith("limit_")) metrics.refused(code);
  }
}

/** The first ones are done. The client sends the others again. */
function tooManyMutations({ metrics }: ApiContext, max: number): ApiError {
  const problem = invalid("limit_push_mutations", `More than ${max} mutations at once (--max-push-mutations).`);
  metrics.refused(problem.code);
  return limited(429, { mutations: problem }, 1);
}

/** Opens the poke stream of a client with a token or a ticket. */
export async function stream(request: ApiRequest, api: ApiContext): Promise<Response> {
  const { ticket } = request.query;
  const token = ticket === undefined ? request.token : api.tickets.redeem(ticket);
  if (request.principal.kind === "guest" && token === "") throw unauthorized();
  return openPokeStream(request, api, token);
}

export function issueTicket(request: ApiRequest, { tickets }: ApiContext): Response {
  const expires = new Date(request.now.getTime() + TICKET_MS).toISOString();
  return jsonAs(200, { ticket: tickets.issue(request.token), expires });
}

export function stats(request: ApiRequest, { pokes }: ApiContext, owner: AuthRecord): Response {
  return jsonAs(200, {
    userId: owner.values.id,
    userConnections: pokes.countOf(principalKey(request.principal)),
    totalConnections: pokes.size,
    timestamp: request.now.toISOString(),
  });
}
