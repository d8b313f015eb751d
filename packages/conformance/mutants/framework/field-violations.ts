import type { Fields } from "../../src/model/field.ts";
import type { Frame } from "./frame.ts";
import { changes, type Match, type Violation } from "./operators.ts";
import type { When } from "./when.ts";

type Json = Readonly<Record<string, unknown>>;

/** The frame with other data. */
export const withData = (frame: Frame, change: (data: Json) => Json): Frame => ({
  ...frame,
  data: JSON.stringify(change(JSON.parse(frame.data!) as Json)),
});

export const without = (data: Json, name: string): Json =>
  Object.fromEntries(Object.entries(data).filter(([key]) => key !== name));

/**
 * Every way to be wrong that the model knows for these fields: missing, of another type, out of bounds.
 *
 * @param path the object in the data that has the fields, if it isn't the data itself
 */
export function fieldViolations(
  what: string,
  fields: Fields,
  match: Match,
  { path, whens = ["every"] }: { readonly path?: string; readonly whens?: readonly When[] } = {},
): Violation[] {
  const change = (frame: Frame, edit: (data: Json) => Json): Frame =>
    withData(frame, (data) => (path === undefined ? edit(data) : { ...data, [path]: edit(data[path] as Json) }));
  return Object.entries(fields).flatMap(([name, { type, optional }]) => [
    ...(optional
      ? []
      : changes(`${what} without ${name}`, match, (frame) => change(frame, (data) => without(data, name)), whens)),
    ...type.wrong.flatMap((value) =>
      changes(
        `${what} with ${name} ${JSON.stringify(value)}`,
        match,
        (frame) => change(frame, (data) => ({ ...data, [name]: value })),
        whens,
      ),
    ),
  ]);
}
