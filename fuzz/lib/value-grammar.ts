import fc, { type Arbitrary } from "fast-check";
import { FIELDS } from "./schema.ts";
import { anyText } from "./texts.ts";

const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(-0, 1e308, 2 ** 53, -(2 ** 63), Number.NaN));
const text = fc.oneof(
  anyText,
  fc.constantFrom("a", "b", "2024-01-01 10:00:00.000Z", "x@example.com", "https://example.com"),
);

/** Any JSON value. */
export const anyValue: Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    { weight: 3, arbitrary: text },
    { weight: 2, arbitrary: number },
    { weight: 1, arbitrary: fc.constantFrom(true, false, null) },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 5 }) },
    { weight: 1, arbitrary: fc.dictionary(text, tie("value"), { maxKeys: 4 }) },
    { weight: 1, arbitrary: fc.record({ lon: number, lat: number }) },
  ),
})).value;

const modifier = fc.constantFrom("", "", "", "+", "-", "++", "+-");
const key = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(modifier, fc.constantFrom(...FIELDS), modifier).map((parts) => parts.join("")) },
  { weight: 1, arbitrary: text },
);

/** A record's values, as clients send them. */
export const recordValues: Arbitrary<Readonly<Record<string, unknown>>> = fc.dictionary(key, anyValue, { maxKeys: 6 });
