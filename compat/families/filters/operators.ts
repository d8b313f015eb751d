import { family, type Step } from "../../lib/scenario.ts";
import { find } from "./find.ts";

const COMPARISONS = ["=", "!=", ">", ">=", "<", "<=", "~", "!~"];

const OPERATORS = [...COMPARISONS, ...COMPARISONS.map((operator) => `?${operator}`)];

/** Operands for each kind of field of `kinds`. */
const OPERANDS: Readonly<Record<string, readonly string[]>> = {
  text: ["'alpha'", "'Alpha'", "''", "1", "null", "'%a%'"],
  number: ["1", "1.5", "-3", "0", "'1'", "null", "''", "true"],
  bool: ["true", "false", "1", "0", "null", "'true'", "''"],
  email: ["'one@example.com'", "''", "null", "'example'"],
  url: ["'https://example.com/a?b=1'", "''"],
  editor: ["'<p>Rich</p>'", "'rich'", "null"],
  date: ["'2024-02-29 12:34:56.789Z'", "'2024'", "''", "null", "2024", "'2024-02-29T12:34:56.789Z'"],
  select: ["'a'", "''", "null", "'a,b'"],
  selects: ["'a'", '\'["a","b"]\'', "''", "null", "'c'"],
  json: ["7", "'text'", "true", "null", "''", "'7'"],
  "json.key": ["'value'", "null", "''"],
  "json.list": ["'[1,2]'", "1"],
  "json.list.0": ["1", "'1'"],
  "json.nested.n": ["5", "'5'", "4"],
  "json.1": ["'x'"],
  point: ["'x'", "null"],
  "point.lon": ["23.32", "0", "''"],
  tag: ["'tag000000000001'", "''", "null"],
  "tag.name": ["'red'", "'re'", "''"],
  tags: ["'tag000000000001'", "'[\"tag000000000003\"]'", "''"],
  "tags.name": ["'red'", "'e'", "''"],
  file: ["'only'", "''"],
  files: ["'first'", "''"],
  created: ["@now", "'2020'"],
  id: ["'kind00000000001'", "'kind'"],
  collectionName: ["'kinds'"],
};

/** Each operator with each kind of field and operand, and with the sides swapped. */
const each = (field: string): readonly Step[] =>
  (OPERANDS[field] ?? []).flatMap((operand, index) =>
    OPERATORS.filter((operator) => index < 2 || !operator.startsWith("?")).map((operator) =>
      find(`${field} ${operator} ${operand}`),
    ),
  );

const SWAPPED = COMPARISONS.flatMap((operator) =>
  [
    "'alpha' OP text",
    "1 OP number",
    "true OP bool",
    "null OP text",
    "'' OP tag",
    "number OP point.lon",
    "text OP tag.name",
    "tags.name OP tag.name",
    "1 OP 1",
    "'a' OP 'b'",
    "null OP null",
    "'' OP null",
  ].map((template) => find(template.replace("OP", operator))),
);

export const SCALAR_FILTERS = family(
  "filters on scalars",
  ["text", "number", "bool", "email", "url", "editor", "date", "select", "created", "id", "collectionName"].flatMap(
    each,
  ),
  { onlyReads: true },
);

export const NESTED_FILTERS = family(
  "filters on lists, JSON, relations",
  [
    "selects",
    "json",
    "json.key",
    "json.list",
    "json.list.0",
    "json.nested.n",
    "json.1",
    "point",
    "point.lon",
    "tag",
    "tag.name",
    "tags",
    "tags.name",
    "file",
    "files",
  ].flatMap(each),
  { onlyReads: true },
);

export const SWAPPED_FILTERS = family("filters with any operands", SWAPPED, { onlyReads: true });
