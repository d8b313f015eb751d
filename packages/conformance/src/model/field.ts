import { show } from "../core/checks.ts";

/** The type of a field: what it accepts, and values that it must not accept. */
export interface FieldType {
  /** As a failure reads: "a text that is not empty". */
  readonly is: string;
  readonly accepts: (value: unknown) => boolean;
  /** Values outside of the type or its bounds, one for each way to be wrong. */
  readonly wrong: readonly unknown[];
}

/** A field of an event's data. */
export interface Field {
  readonly type: FieldType;
  readonly meaning: string;
  /** It may be missing. */
  readonly optional?: true;
}

export type Fields = Readonly<Record<string, Field>>;

export const literal = (value: string): FieldType => ({
  is: JSON.stringify(value),
  accepts: (given) => given === value,
  wrong: [`${value}!`, null, 1],
});

export const TEXT: FieldType = {
  is: "a text that is not empty",
  accepts: (value) => typeof value === "string" && value !== "",
  wrong: ["", null, 17, { text: "a" }],
};

/** A text with at least one letter: something that a person can read. */
export const MESSAGE: FieldType = {
  is: "a message",
  accepts: (value) => typeof value === "string" && /\p{L}/u.test(value),
  wrong: ["", null, 17, "…"],
};

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export const ISO_TIME: FieldType = {
  is: "an ISO 8601 time",
  accepts: (value) => typeof value === "string" && ISO.test(value) && !Number.isNaN(Date.parse(value)),
  wrong: [1_704_110_400, "2024-01-01 12:00:00", "2024-13-01T12:00:00Z", "2024-01-01T12:00:00", null],
};

/** @param bounds both included */
export const numberBetween = (low: number, high: number): FieldType => ({
  is: `a number from ${low} to ${high}`,
  accepts: (value) => typeof value === "number" && value >= low && value <= high,
  wrong: [String(high), low - 1, high + 1, null],
});

/** A whole number that counts something. @param low the least that is right */
export const countFrom = (low: number): FieldType => ({
  is: `a whole number, at least ${low}`,
  accepts: (value) => Number.isInteger(value) && Number(value) >= low,
  wrong: [String(low), low - 1, low + 0.5, null],
});

export const OBJECT: FieldType = {
  is: "an object",
  accepts: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  wrong: [null, "text", [1]],
};

export const orNull = (type: FieldType): FieldType => ({
  is: `${type.is}, or null`,
  accepts: (value) => value === null || type.accepts(value),
  wrong: type.wrong.filter((value) => value !== null),
});

/** @returns what is wrong with the first field that breaks its type, if any */
export function fieldFault(data: Readonly<Record<string, unknown>>, fields: Fields, of: string): string | undefined {
  for (const [name, { type, optional }] of Object.entries(fields)) {
    const value = data[name];
    if (value === undefined && optional) continue;
    if (value === undefined) return `${of} has no ${name}: ${show(data)}`;
    if (!type.accepts(value)) return `${of} has ${name} ${show(value)}, not ${type.is}`;
  }
  return undefined;
}
