/** Values as PocketBase's driver writes them: all are text. */

export type ScriptValue = null | number | bigint | string | Uint8Array;

/** @param type the column's declared type, in capitals */
export function toGoText(value: ScriptValue, type: string): string | null {
  if (value === null) return null;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return goFloat(value);
  if (typeof value === "string") return TIMES.has(type) ? goTime(value) : value;
  return new TextDecoder().decode(value);
}

/** Go's `FormatFloat(value, 'g', -1, 64)`. */
function goFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [digits = "", power = ""] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < SCIENTIFIC_FROM) return value.toString();
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** For the shortest form of a number, Go takes six digits as its precision. */
const SCIENTIFIC_FROM = 6;

const TIMES: ReadonlySet<string> = new Set(["DATE", "DATETIME", "TIMESTAMP"]);
const TIME = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** In a column of times, the driver parses texts that it knows, and writes them in RFC 3339. */
function goTime(text: string): string {
  const [, date, minutes = "00:00", seconds = "00", fraction = "", zone = "Z"] = TIME.exec(text) ?? [];
  if (date === undefined) return text;
  const rest = fraction.replace(/0+$/, "");
  return `${date}T${minutes}:${seconds}${rest && `.${rest}`}${zone === "+00:00" ? "Z" : zone}`;
}
