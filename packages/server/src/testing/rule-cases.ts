import { type FieldValue, recordId, type RecordValues } from "@headwater/protocol";
import fc from "fast-check";
import { collectionFromRow } from "../collections/model/collection-row.ts";
import type { AuthCollection, Collection } from "../collections/model/collection.ts";
import { type Field, isMultiple } from "../collections/fields/field.ts";
import { Schema } from "../collections/model/schema.ts";
import { toText } from "../lib/text/coerce.ts";
import { GUEST, type Principal, principalOf } from "../rules/principal.ts";
import type { Trust } from "../rules/resolve/record-scope.ts";
import type { RuleContext } from "../rules/rule-context.ts";
import { OPERATORS } from "../rules/syntax/syntax-tree.ts";
import { FAMILIES, JSON_VALUES } from "./rule-values.ts";

/** A rule that reads no other record, and the record and request to evaluate it on. */
export interface RuleCase {
  readonly schema: Schema;
  readonly collection: Collection;
  readonly values: RecordValues;
  readonly context: RuleContext;
  readonly trust: Trust;
  readonly rule: string;
}

const FIELDS: readonly object[] = [
  ...["text", "number", "bool", "email", "url", "editor", "date", "autodate", "json", "password", "geoPoint"].map(
    (type) => ({ type }),
  ),
  ...["select", "file", "relation"].flatMap((type) => [
    { type, maxSelect: 1 },
    { type, maxSelect: 3 },
  ]),
];

const collections: fc.Arbitrary<Collection> = fc
  .tuple(fc.constantFrom("base", "auth"), fc.array(fc.constantFrom(...FIELDS), { minLength: 1, maxLength: 8 }))
  .map(([type, kinds]) => {
    const fields = kinds.map((kind, index) => ({ ...kind, id: `field${index}`, name: `f${index}` }));
    return collectionOf(type, type === "auth" ? [...ACCOUNT_FIELDS, ...fields] : [ID, ...fields]);
  });

const ID = { type: "text", name: "id", id: "id" };
const ACCOUNT_FIELDS = [
  ID,
  { type: "email", name: "email", id: "email" },
  { type: "bool", name: "emailVisibility", id: "emailVisibility" },
  { type: "bool", name: "verified", id: "verified" },
];

const collectionOf = (type: string, fields: readonly object[]): Collection =>
  collectionFromRow({ id: `pbc_${type}`, name: `a_${type}`, type, fields: JSON.stringify(fields) });

const users = collectionOf("auth", ACCOUNT_FIELDS) as AuthCollection;

/** The values of one case: mostly from one family, so that many of them are nearly equal. */
interface Pool {
  readonly texts: fc.Arbitrary<string>;
  readonly numbers: fc.Arbitrary<number>;
  readonly json: fc.Arbitrary<unknown>;
}

const pools: fc.Arbitrary<Pool> = fc.constantFrom(...FAMILIES).map((family) => {
  const texts = mostly(
    family.filter((member) => typeof member === "string"),
    fc.string({ unit: "binary", maxLength: 6 }),
  );
  const numbers = mostly(
    family.filter((member) => typeof member === "number"),
    fc.double(),
  );
  const plain = fc.oneof(texts, numbers, fc.constantFrom(null, true, false));
  const json = fc.oneof(
    plain,
    fc.array(plain, { maxLength: 3 }),
    fc.record({ a: plain, b: fc.array(plain, { maxLength: 2 }) }, { requiredKeys: [] }),
    fc.constantFrom(...JSON_VALUES),
    fc.jsonValue({ maxDepth: 3 }),
  );
  return { texts, numbers, json };
});

const mostly = <T>(values: readonly T[], others: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  values.length === 0 ? others : fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...values) }, others);

const DATES = fc.constantFrom("", "2026-11-21 10:00:00.000Z", "1999-01-01 00:00:00.000Z");

function valueOf(field: Field, { texts, numbers, json }: Pool): fc.Arbitrary<FieldValue> {
  if (field.type === "number") return numbers;
  if (field.type === "bool") return fc.boolean();
  if (field.type === "json") return json as fc.Arbitrary<FieldValue>;
  if (field.type === "geoPoint") return fc.record({ lon: numbers, lat: numbers });
  if (field.type === "date" || field.type === "autodate") return DATES;
  return isMultiple(field) ? fc.uniqueArray(texts, { maxLength: 3 }) : texts;
}

const recordOf = ({ fields }: Collection, pool: Pool): fc.Arbitrary<RecordValues> =>
  fc
    .tuple(...fields.map((field) => valueOf(field, pool)))
    .map((values) => ({ id: recordId(""), ...Object.fromEntries(fields.map(({ name }, i) => [name, values[i]!])) }));

const principalOfPool = (pool: Pool): fc.Arbitrary<Principal> =>
  fc.oneof(
    fc.constant(GUEST),
    recordOf(users, pool).map((values) => principalOf(users, values)),
  );

/** The body has fields of the collection, normalized or not, and unknown ones. */
const contextOf = ({ fields }: Collection, pool: Pool): fc.Arbitrary<RuleContext> =>
  fc.record({
    principal: principalOfPool(pool),
    context: fc.constantFrom("default", "realtime"),
    method: fc.constantFrom("GET", "POST"),
    query: fc.record({ q: pool.texts, f0: pool.texts }, { requiredKeys: [] }),
    headers: fc.record({ x_token: pool.texts }, { requiredKeys: [] }),
    body: fc.record(
      {
        ...Object.fromEntries(fields.map((field) => [field.name, fc.oneof(pool.json, valueOf(field, pool))])),
        other: pool.json,
      },
      { requiredKeys: [] },
    ),
  });

const literalOf = ({ texts, numbers }: Pool): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 2, arbitrary: texts.map(quoted) },
    { weight: 2, arbitrary: numbers.map(numeral) },
    fc.constantFrom("null", "true", "false", "TRUE", "@now", "@year", "@todayStart", "@weekday", "@hour"),
  );

const REQUEST = [
  ...["id", "email", "verified", "emailVisibility", "collectionName", "collectionId"].map(
    (name) => `@request.auth.${name}`,
  ),
  ...["context", "method", "query.q", "query.q:lower", "query.q:isset", "query.f0", "headers.x_token"].map(
    (name) => `@request.${name}`,
  ),
  ...["other", "other:lower", "other:isset", "other.a", "other.1", "other.b.0"].map((name) => `@request.body.${name}`),
];

const PATHS = ["a", "b", "0", "1", "a.b", "b.0", "b.1.a", "length", "lon", "lat"];

/** The ways to name a field without reading another record. */
function namesOf(field: Field): readonly string[] {
  const { name, type } = field;
  const body = `@request.body.${name}`;
  const names = [name, `${name}:lower`, body, `${body}:lower`, `${body}:isset`, `${body}:changed`];
  if ("maxSelect" in field) names.push(`${name}:length`, `${body}:length`, `${body}:each`);
  if (isMultiple(field)) names.push(`${name}:each`, `${name}:each`);
  if (type === "json" || type === "geoPoint") names.push(...PATHS.map((path) => `${name}.${path}`));
  if (type === "json") names.push(...PATHS.map((path) => `${body}.${path}`));
  return names;
}

const OPERATOR = fc.constantFrom(...OPERATORS, ...OPERATORS.map((operator) => `?${operator}`));

function ruleOf({ fields }: Collection, pool: Pool): fc.Arbitrary<string> {
  const field = fc.constantFrom(...fields.flatMap(namesOf));
  const list = fields.filter(isMultiple).flatMap(({ name }) => [`${name}:each`, `@request.body.${name}:each`]);
  const own = list.length === 0 ? field : fc.oneof({ weight: 3, arbitrary: field }, fc.constantFrom(...list));
  const operand = fc.oneof({ weight: 3, arbitrary: own }, fc.constantFrom(...REQUEST), literalOf(pool));
  const comparison = fc.oneof(fc.tuple(own, OPERATOR, operand), fc.tuple(operand, OPERATOR, operand));
  const { rule } = fc.letrec<{ rule: string }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      { weight: 3, arbitrary: comparison.map((parts) => parts.join(" ")) },
      fc
        .tuple(tie("rule"), fc.constantFrom("&&", "||"), tie("rule"), fc.boolean())
        .map(([left, join, right, grouped]) => (grouped ? `(${left}) ${join} (${right})` : `${left} ${join} ${right}`)),
    ),
  }));
  return rule;
}

export const ruleCases: fc.Arbitrary<RuleCase> = fc.tuple(collections, pools).chain(([collection, pool]) =>
  fc
    .record({
      values: recordOf(collection, pool),
      context: contextOf(collection, pool),
      trust: fc.constantFrom<Trust>("trusted", "client"),
      rule: ruleOf(collection, pool),
    })
    .map((ruleCase) => ({
      ...ruleCase,
      schema: new Schema([collection]),
      collection,
      [fc.toStringMethod]: () => describe(ruleCase, collection),
    })),
);

/** The case for failure messages, without what all cases share. */
function describe({ rule, values, context, trust }: Omit<RuleCase, "schema" | "collection">, of: Collection): string {
  const fields = of.fields.map((field) => `${field.name}: ${field.type}${isMultiple(field) ? " list" : ""}`);
  const principal = context.principal.kind === "guest" ? "guest" : context.principal.values;
  return fc.stringify({ rule, trust, values, context: { ...context, principal }, fields });
}

/** A text literal: in a rule it can't contain NUL, end in a backslash or contain one before a quote. */
const quoted = (text: string): string => `'${text.replaceAll(/['\0]/g, "").replace(/\\+$/, "")}'`;

/** A number literal: in a rule it can't have an exponent. */
const numeral = (number: number): string => (Number.isFinite(number) ? toText(number) : "0");
