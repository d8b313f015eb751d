import { z } from "zod";
import { parseStrictText } from "../../lib/json/strict-json.ts";
import { isObject } from "../../collections/fields/decode-json.ts";
import type { Body, FormBody, FormTexts } from "./body.ts";

/** A body's values, without a schema. */
export type Values = Readonly<Record<string, unknown>>;

/** The form field that holds a JSON object, whose values are used without conversion. */
const JSON_PAYLOAD = "@jsonPayload";

/**
 * The values of a body of any shape. Form values are converted to what they look like: `true`, `false`, and numbers in
 * their shortest notation.
 *
 * @throws TypeError or SyntaxError if the body is not a JSON object
 */
export function readValues(body: Body): Values {
  if (body.kind === "empty") return {};
  if (body.kind === "json") return asObject(body.value);
  const texts = [...body.values].filter(([name]) => name !== JSON_PAYLOAD);
  const entries = texts.map(
    ([name, list]) => [name, list.length === 1 ? inferType(list[0]!) : list.map(inferType)] as const,
  );
  // Entries, not assignment: a key may be `__proto__`.
  return Object.fromEntries<unknown>([...entries, ...jsonPayloads(body).flatMap((values) => Object.entries(values))]);
}

/**
 * The values of a body, validated against a shape. Names match in any case, as in Go's decoder, and unknown names are
 * dropped. A form value becomes a list or an integer if the shape wants one, otherwise the first text with its name.
 *
 * @throws ZodError if a value has the wrong type; TypeError or SyntaxError if the body is not a JSON object
 */
export function parseValues<Shape extends z.ZodRawShape>(
  body: Body,
  shape: z.ZodObject<Shape>,
): z.output<typeof shape> {
  const names = new Map(Object.keys(shape.shape).map((name) => [name.toLowerCase(), name]));
  const objects = body.kind === "form" ? [formTexts(body.values, shape), ...jsonPayloads(body)] : [readValues(body)];
  const known = objects.map((object) =>
    Object.entries(object).map(([key, value]) => [names.get(key.toLowerCase()) ?? key, value] as const),
  );
  for (const entries of known) {
    if (new Set(entries.map(([name]) => name)).size < entries.length) throw new TypeError("a name occurs twice");
  }
  return shape.parse(Object.fromEntries<unknown>(known.flat()));
}

function formTexts(values: FormTexts, { shape }: z.ZodObject): Values {
  const wanted = Object.entries(shape).flatMap(([name, schema]) => {
    const texts = values.get(name);
    if (!texts) return [];
    const readings = [texts, texts[0], ...(INTEGER.test(texts[0]!) ? [Number(texts[0])] : [])];
    return [[name, readings.find((reading) => z.safeParse(schema, reading).success) ?? texts[0]] as const];
  });
  return Object.fromEntries(wanted);
}

const INTEGER = /^[+-]?\d{1,15}$/;

const jsonPayloads = ({ values, limits }: FormBody): Values[] =>
  (values.get(JSON_PAYLOAD) ?? []).map((text) => asObject(parseStrictText(text, limits)));

/** Treats `null` as an empty object. */
function asObject(value: unknown): Values {
  if (value === null) return {};
  if (isObject(value)) return value;
  throw new TypeError("the body is not an object");
}

/** Only text in a number's shortest notation becomes a number: `007`, `1.0` and `1e3` stay text. */
function inferType(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d[\d.-]*$/.test(text) && String(Number(text)) === text ? Number(text) : text;
}
