import type { ValidationError } from "@headwater/protocol";
import type { AuthRecord } from "../auth/tokens.ts";
import type { Collection } from "../collections/model/collection.ts";
import { roomsError, whyNotJoin } from "../connections/pokes/rooms.ts";
import type { ApiRequest } from "../http/request.ts";
import { jsonAs } from "../http/responses.ts";
import { ApiError, badRequest, forbidden, invalid, notFound } from "../lib/api-error.ts";
import { findRecord } from "../records/query/find-record.ts";
import { meetsRule } from "../records/rule-check/check-access.ts";
import { isSuperuser, principalKey } from "../rules/principal.ts";
import type { ApiContext } from "./api-context.ts";
import { recordContext } from "./record-context.ts";

const FIELDS = ["userId", "collection", "room"] as const;
type Target = Partial<Record<(typeof FIELDS)[number], string>>;

/** Pokes the requester's own clients or, if the body says so, those of another user or those in a room. */
export async function pokeUser(request: ApiRequest, api: ApiContext, owner: AuthRecord): Promise<Response> {
  const { userId, collection, room } = await readTarget(request);
  if (room !== undefined) return pokeRoom(request, api, room);
  const own = owner.values.id;
  const isOwn =
    (userId === undefined || userId === own) &&
    (collection === undefined || api.registry.current.find(collection)?.id === owner.collection.id);
  const users = isOwn ? [principalKey(request.principal)] : await findOthers(request, api, userId ?? own, collection);
  const counts = users.map((user) => api.pokes.poke(user));
  return jsonAs(200, {
    success: true,
    userId: userId ?? own,
    clientsNotified: counts.reduce((sum, count) => sum + count, 0),
    message: "User-specific sync triggered",
    timestamp: request.now.toISOString(),
  });
}

async function pokeRoom(request: ApiRequest, api: ApiContext, room: string): Promise<Response> {
  const problem = await whyNotJoin([room], request.principal, api);
  if (problem) throw new ApiError(problem.code === "forbidden" ? 403 : 400, "", { room: roomsError(problem) });
  return jsonAs(200, {
    success: true,
    room,
    clientsNotified: await api.pokes.pokeRoom(room),
    message: "Room sync triggered",
    timestamp: request.now.toISOString(),
  });
}

/**
 * What the body or the URL names. A name that is unknown here is refused: to ignore it would poke somebody else than meant.
 *
 * @throws ApiError 400
 */
async function readTarget(request: ApiRequest): Promise<Target> {
  const inUrl = FIELDS.filter((name) => Object.hasOwn(request.query, name)).map((name) => [name, request.query[name]]);
  const values = { ...Object.fromEntries(inUrl), ...(await request.values()) } as Readonly<Record<string, unknown>>;
  const problems = Object.entries(values).flatMap(([name, value]) => {
    const problem = problemOf(name, value);
    return problem ? [[name, problem] as const] : [];
  });
  if (problems.length > 0) throw badRequest("", Object.fromEntries(problems));
  if ("room" in values && ("userId" in values || "collection" in values)) {
    throw badRequest("", { room: invalid("validation_invalid_value", "Name either a room or a user.") });
  }
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function problemOf(name: string, value: unknown): ValidationError | undefined {
  if (!FIELDS.some((field) => field === name)) {
    return invalid("validation_unknown_field", `Must be one of ${FIELDS.join(", ")}.`);
  }
  // A form's digits arrive as a number.
  const isText = (typeof value === "string" && value !== "" && value.length <= 255) || Number.isSafeInteger(value);
  return isText ? undefined : invalid("validation_invalid_value", "Must be a text of 1 to 255 characters.");
}

/**
 * The accounts of this id that the requester may poke. Without a collection, a superuser means all collections, and anyone
 * else their own.
 *
 * @returns their principal keys; at least one
 * @throws ApiError 403 or 404
 */
async function findOthers(
  request: ApiRequest,
  api: ApiContext,
  id: string,
  collection: string | undefined,
): Promise<readonly string[]> {
  const isFree = isSuperuser(request.principal);
  const accounts = await Promise.all(
    collectionsOf(request, api, collection).map(async (each) => {
      const values = await findRecord(api.store, each, id);
      const check = { context: recordContext(request, api), collection: each, rule: api.pokeRules.ruleOf(each.name) };
      return values && (isFree || (await meetsRule(api.store, { ...check, values }))) ? [`${each.id}/${id}`] : [];
    }),
  );
  const users = accounts.flat();
  if (users.length > 0) return users;
  // Whether there is such a user is nobody's business who may not poke it.
  throw isFree ? notFound(`There is no user "${id}".`) : forbidden("You are not allowed to poke this user.");
}

function collectionsOf({ principal }: ApiRequest, { registry }: ApiContext, name: string | undefined): Collection[] {
  const { collections } = registry.current;
  if (name === undefined) {
    return collections.filter(({ type, id }) =>
      isSuperuser(principal) ? type === "auth" : principal.kind !== "guest" && id === principal.collection.id,
    );
  }
  const found = registry.current.find(name);
  if (found?.type === "auth") return [found];
  throw badRequest("", { collection: invalid("validation_invalid_value", "There is no such collection of users.") });
}
