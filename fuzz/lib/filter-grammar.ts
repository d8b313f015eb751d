import fc, { type Arbitrary } from "fast-check";
import { COLLECTIONS, FIELDS, OTHER_FIELDS } from "./schema.ts";
import { anyText, mutated } from "./texts.ts";

const field = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...FIELDS) },
  { weight: 1, arbitrary: fc.constantFrom(...OTHER_FIELDS) },
);
const modifier = fc.constantFrom(
  "",
  "",
  "",
  "",
  "",
  "",
  "",
  "",
  ":lower",
  ":length",
  ":each",
  ":isset",
  ":changed",
  ":nothing",
);

/** Steps over relations; the last is rare, since it leads to another collection. */
const steps = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  {
    weight: 2,
    arbitrary: fc.array(fc.constantFrom("one", "many", "things_via_one", "things_via_many"), { maxLength: 4 }),
  },
  { weight: 1, arbitrary: fc.array(fc.constantFrom("one", "notes_via_thing", "thing"), { maxLength: 3 }) },
);

/** A path of fields, often over relations. */
export const fieldPath: Arbitrary<string> = fc
  .tuple(steps, field, modifier)
  .map(([path, last, suffix]) => [...path, last].join(".") + suffix);

const requestPath = fc
  .tuple(fc.constantFrom("auth", "query", "headers", "body", "data", "context", "method"), fieldPath)
  .map(([part, path]) => `@request.${part}.${path}`);

const collectionPath = fc
  .tuple(fc.constantFrom("things", "things", "notes", ...COLLECTIONS), fc.constantFrom("", ":alias"), fieldPath)
  .map(([collection, alias, path]) => `@collection.${collection}${alias}.${path}`);

const quoted = fc
  .tuple(anyText, fc.constantFrom("'", '"'))
  .map(([text, quote]) => quote + text.replaceAll(quote, `\\${quote}`) + quote);

const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom("1e3", "-.5", "1.", "1e999", "007")).map(String);
const macro = fc.constantFrom(
  "@now",
  "@second",
  "@yesterday",
  "@todayStart",
  "@monthEnd",
  "@year",
  "@weekday",
  "@nothing",
);

const { operand } = fc.letrec<{ operand: string; call: string }>((tie) => ({
  call: fc
    .tuple(fc.constantFrom("geoDistance", "strftime", "now", "upper"), fc.array(tie("operand"), { maxLength: 5 }))
    .map(([name, args]) => `${name}(${args.join(", ")})`),
  operand: fc.oneof(
    { maxDepth: 3 },
    { weight: 5, arbitrary: fieldPath },
    { weight: 4, arbitrary: quoted },
    { weight: 2, arbitrary: number },
    { weight: 1, arbitrary: fc.constantFrom("true", "false", "null") },
    { weight: 1, arbitrary: macro },
    { weight: 2, arbitrary: requestPath },
    { weight: 2, arbitrary: collectionPath },
    { weight: 1, arbitrary: tie("call") },
  ),
}));

const operator = fc.constantFrom(
  "=",
  "!=",
  ">",
  ">=",
  "<",
  "<=",
  "~",
  "!~",
  "?=",
  "?!=",
  "?>",
  "?>=",
  "?<",
  "?<=",
  "?~",
  "?!~",
);

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    { weight: 4, arbitrary: fc.tuple(operand, operator, operand).map((parts) => parts.join(" ")) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(tie("expression"), fc.constantFrom("&&", "||"), tie("expression"))
        .map((parts) => parts.join(" ")),
    },
    { weight: 1, arbitrary: tie("expression").map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie("expression").map((inner) => `${inner} // comment`) },
  ),
}));

export const filterText: Arbitrary<string> = mutated(expression);

const direction = fc.constantFrom("", "-", "+", "--");
export const sortText: Arbitrary<string> = mutated(
  fc
    .array(fc.tuple(direction, fc.oneof(fieldPath, fc.constantFrom("@random", "@rowid", "@nothing"))), { maxLength: 5 })
    .map((parts) => parts.map((part) => part.join("")).join(",")),
);

export const expandText: Arbitrary<string> = mutated(
  fc.array(fieldPath, { maxLength: 5 }).map((paths) => paths.join(",")),
);

const picked = fc.tuple(
  fc.oneof(fieldPath, fc.constantFrom("*", "expand.*", "expand.one.*")),
  fc.constantFrom("", "", ":excerpt(3)", ":excerpt(10,true)", ":excerpt(-1)", ":excerpt()", ":nothing(1)"),
);
export const fieldsText: Arbitrary<string> = mutated(
  fc.array(picked, { maxLength: 5 }).map((parts) => parts.map((part) => part.join("")).join(",")),
);
