import { EMPTY, type Sql, sql } from "../../store/sql.ts";
import type { Term } from "./compare-terms.ts";

const EARTH_RADIUS_KM = 6371;

/**
 * The distance by the spherical law of cosines, as PocketBase writes it. As in PocketBase, rounding can make the
 * distance from a point to itself NULL.
 */
export function distanceSql(points: readonly Term[]): Sql {
  const [lonA = EMPTY, latA = EMPTY, lonB = EMPTY, latB = EMPTY] = points.map((point) => point.sql);
  const cosine = sql`cos(radians(${latA})) * cos(radians(${latB})) * cos(radians(${lonB}) - radians(${lonA})) + sin(radians(${latA})) * sin(radians(${latB}))`;
  return sql`(${EARTH_RADIUS_KM} * acos(${cosine}))`;
}

export const strftimeSql = (parts: readonly Term[]): Sql => sql`strftime(${sql.join(parts.map((part) => part.sql))})`;
