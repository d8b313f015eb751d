import { z } from "zod";
import { isObject } from "../collections/fields/decode-json.ts";
import type { Body, FormTexts } from "./body.ts";

/** What a body holds when no shape is asked of it. */
export type Values = Readonly<Record<string, unknown>>;

/** A form's key for an object in JSON, whose values are taken as they are. */
const JSON_PAYLOAD = "@jsonPayload";

/**
 * The values of a body of any shape. Those of a form are read as what they look like: `true`, `false` and numbers in
 * their shortest spelling.
 *
 * @throws TypeError or SyntaxError when the body is JSON but no object
 */
export function readValues(body: Body): Values {
  if (body.kind === "empty") return {};
  if (body.kind === "json") return asObject(body.value);
  const texts = [...body.values].filter(([name]) => name !== JSON_PAYLOAD);
  const entries = texts.map(
    ([name, list]) => [name, list.length === 1 ? inferType(list[0]!) : list.map(inferType)] as const,
  );
  // Entries, not assignment: a key may be `__proto__`.
  return Object.fromEntries<unknown>([
    ...entries,
    ...jsonPayloads(body.values).flatMap((values) => Object.entries(values)),
  ]);
}

/**
 * The values of a body that must have a known shape. Names match in any case, as Go's decoder matches them, and unknown
 * ones are dropped. A form's value is a list where the shape wants one, else the first text of its name.
 *
 * @throws ZodError when a value has another type; TypeError or SyntaxError when the body is JSON but no object
 */
export function parseValues<Shape extends z.ZodRawShape>(
  body: Body,
  shape: z.ZodObject<Shape>,
): z.output<typeof shape> {
  const names = new Map(Object.keys(shape.shape).map((name) => [name.toLowerCase(), name]));
  const objects =
    body.kind === "form" ? [formTexts(body.values, shape), ...jsonPayloads(body.values)] : [readValues(body)];
  const entries = objects.flatMap((object) => Object.entries(object));
  const known = entries.map(([key, value]) => [names.get(key.toLowerCase()) ?? key, value] as const);
  return shape.parse(Object.fromEntries<unknown>(known));
}

function formTexts(values: FormTexts, { shape }: z.ZodObject): Values {
  const wanted = Object.entries(shape).flatMap(([name, schema]) => {
    const texts = values.get(name);
    if (!texts) return [];
    return [[name, z.safeParse(schema, texts).success ? texts : texts[0]] as const];
  });
  return Object.fromEntries(wanted);
}

const jsonPayloads = (values: FormTexts): Values[] =>
  (values.get(JSON_PAYLOAD) ?? []).map((text) => asObject(JSON.parse(text)));

/** `null` holds nothing, and is as good as an empty object. */
function asObject(value: unknown): Values {
  if (value === null) return {};
  if (isObject(value)) return value;
  throw new TypeError("the body is not an object");
}

/** Only a number in its shortest spelling is one, so that `007`, `1.0` and `1e3` stay what was typed. */
function inferType(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d[\d.-]*$/.test(text) && String(Number(text)) === text ? Number(text) : text;
}
