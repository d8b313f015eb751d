import { invalid } from "../../lib/api-error.ts";
import { parseJson } from "../../lib/json/json-value.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { isObject } from "./decode-json.ts";
import type { FieldKind } from "./field-kind.ts";
import { columnText } from "./text-storage.ts";

interface GeoPoint {
  readonly [axis: string]: number;
  readonly lon: number;
  readonly lat: number;
}

export const geoPointKind: FieldKind<"geoPoint"> = {
  type: "geoPoint",
  parse: () => ({}),
  column: () => `JSON DEFAULT '{"lon":0,"lat":0}' NOT NULL`,
  zero: () => pointOf(undefined),
  normalise: (_field, input) => pointOf(typeof input === "string" ? fromText(input) : input),
  fromColumn: (_field, stored) => pointOf(parseJson(columnText(stored))),
  toColumn: (_field, value) => JSON.stringify(pointOf(value)),
  check: (field, value) => {
    const { lon, lat } = pointOf(value);
    // 0, 0 is in the ocean, so it stands for "not set".
    if (lon === 0 && lat === 0) return field.required ? REQUIRED : undefined;
    if (lat < -90 || lat > 90)
      return invalid("validation_invalid_latitude", "Latitude must be between -90 and 90 degrees.");
    if (lon < -180 || lon > 180)
      return invalid("validation_invalid_longitude", "Longitude must be between -180 and 180 degrees.");
    return undefined;
  },
};

/** Characters. No point needs more. */
const MAX_TEXT = 10_000;
const fromText = (text: string): unknown => (text.length > MAX_TEXT ? undefined : parseJson(text));

/** A missing axis is 0. If an axis is not a number, the point is 0, 0. */
function pointOf(value: unknown): GeoPoint {
  const { lon, lat } = isObject(value) ? value : {};
  const axes = { lon: lon ?? 0, lat: lat ?? 0 };
  return isGeoPoint(axes) ? axes : { lon: 0, lat: 0 };
}

const isGeoPoint = (axes: { readonly lon: unknown; readonly lat: unknown }): axes is GeoPoint =>
  typeof axes.lon === "number" && typeof axes.lat === "number";
