import { isChannelName } from "@headwater/protocol";
import type { Config } from "../../config.ts";
import { ApiError, badRequest, invalid } from "../../lib/api-error.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { Principal } from "../../rules/principal.ts";
import type { EventVisibility } from "../../visibility/event-visibility.ts";

/** The limit of rooms, in bytes of their names, is this many times the limit of their number: 4 KiB, as each connection has. */
const BYTES_PER_ROOM = 40;
/** Characters of a name that an error repeats. */
const MAX_SHOWN = 100;

export interface RoomsContext {
  readonly config: Pick<Config, "limits">;
  readonly metrics: Pick<Metrics, "refused">;
  readonly visibility: Pick<EventVisibility, "mayJoin">;
}

/** Why rooms are refused. */
export interface RoomsProblem {
  readonly code: "bad_room" | "limit_sync_rooms" | "forbidden";
  readonly problem: string;
  readonly rooms: readonly string[];
}

/** What is wrong with the names of rooms; `undefined` if nothing is. */
function roomsProblem(rooms: readonly string[], { config }: RoomsContext): RoomsProblem | undefined {
  const max = config.limits.syncRooms;
  const bytes = rooms.reduce((sum, room) => sum + room.length, 0);
  if (max > 0 && (rooms.length > max || bytes > max * BYTES_PER_ROOM)) {
    const problem = `A client may name at most ${max} rooms, with names of ${BYTES_PER_ROOM} characters on average (--max-sync-rooms).`;
    return { code: "limit_sync_rooms", problem, rooms: [] };
  }
  const bad = rooms.find((room) => !isChannelName(room));
  if (bad === undefined) return undefined;
  const problem = `"${bad.slice(0, MAX_SHOWN)}" can't be the name of a room: use up to 255 letters, digits, "_", "-" and ":".`;
  return { code: "bad_room", problem, rooms: [bad.slice(0, MAX_SHOWN)] };
}

/** Why a client may not be in these rooms; `undefined` if it may. */
export async function whyNotJoin(
  rooms: readonly string[],
  principal: Principal,
  context: RoomsContext,
): Promise<RoomsProblem | undefined> {
  const problem = roomsProblem(rooms, context);
  if (problem) return problem;
  const refused = await forbiddenRooms(rooms, principal, context);
  return refused.length > 0 ? forbiddenProblem(refused) : undefined;
}

/** The rooms that the principal may neither be in nor poke, or that are not declared. */
export async function forbiddenRooms(
  rooms: readonly string[],
  principal: Principal,
  { visibility }: RoomsContext,
): Promise<readonly string[]> {
  const allowed = await Promise.all(rooms.map((room) => visibility.mayJoin(room, principal)));
  return rooms.filter((_room, i) => !allowed[i]);
}

/** The problem of rooms that the client may not be in. */
const forbiddenProblem = (rooms: readonly string[]): RoomsProblem => ({
  code: "forbidden",
  problem: `Not allowed in ${rooms.map((room) => `"${room.slice(0, MAX_SHOWN)}"`).join(", ")}: no such room is declared, or its rule excludes the client.`,
  rooms,
});

/**
 * Reads the rooms in a parameter, separated by commas.
 *
 * @throws ApiError 400 for invalid names, or too many
 */
export function readRooms(parameter: string | undefined, context: RoomsContext): readonly string[] {
  const rooms = parameter === undefined || parameter === "" ? [] : [...new Set(parameter.split(","))];
  const refusal = roomsProblem(rooms, context);
  if (!refusal) return rooms;
  if (refusal.code === "limit_sync_rooms") context.metrics.refused(refusal.code);
  throw badRequest("", { rooms: roomsError(refusal) });
}

/** @throws ApiError 403 that names the rooms which the principal may not be in */
export async function assertMayJoin(
  rooms: readonly string[],
  principal: Principal,
  context: RoomsContext,
): Promise<void> {
  const problem = await whyNotJoin(rooms, principal, context);
  if (problem) throw new ApiError(403, "", { rooms: roomsError(problem) });
}

const CODES = { bad_room: "validation_invalid_room", forbidden: "forbidden_room" } as const;

/** The problem as a response has it. */
export const roomsError = ({ code, problem, rooms }: RoomsProblem): ReturnType<typeof invalid> =>
  code === "limit_sync_rooms" ? invalid(code, problem) : invalid(CODES[code], problem, { rooms: rooms.join(",") });
