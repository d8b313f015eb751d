import type { Schema } from "../../collections/model/schema.ts";

/** Whether the rows of a statement may change although nothing is written: what a view selects may name the time. */
export const dependsOnTime = (schema: Schema, text: string): boolean =>
  text.includes("strftime") || viewsOf(schema).some((view) => text.includes(view));

const views = new WeakMap<Schema, readonly string[]>();

function viewsOf(schema: Schema): readonly string[] {
  let known = views.get(schema);
  if (!known) {
    known = schema.collections.filter(({ type }) => type === "view").map(({ name }) => `"${name}"`);
    views.set(schema, known);
  }
  return known;
}
