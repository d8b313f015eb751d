import { describe, expect, test } from "bun:test";
import { recordedValues } from "../recorded/read-recorded.ts";
import { collectionId } from "@headwater/protocol";
import { type Field, type FieldOf, type FieldType, isMultiple } from "./field.ts";
import { fieldToJson, kindOf, parseField } from "./field-kinds.ts";
import { checkPlainPassword } from "./password.ts";
import { autogenerate } from "./text.ts";

describe("values are read, refused and stored as in PocketBase", () => {
  for (const { type, options, input, answer } of recordedValues()) {
    test(`${type} ${JSON.stringify(options)}: ${JSON.stringify(input)}`, () => {
      const field = parseField({ name: "f", type, ...options });
      const kind = kindOf(field);
      const value = kind.normalise(field, input);
      const problem = kind.check(field, value);
      expect<object>(problem ? { problem } : { value }).toEqual(answer);
      if (!problem) expect(kind.fromColumn(field, kind.toColumn(field, value))).toEqual(value);
    });
  }
});

describe("JSON that a client sends as text", () => {
  const field = parseField({ name: "f", type: "json" }) as FieldOf<"json">;
  const { normalise, check } = kindOf(field);

  test.each([
    [String.raw`"\ud800"`, "\ufffd"],
    [String.raw`{"\udc00":["\ud83d\ude00","\\ud800"]}`, { "\ufffd": ["😀", "\\ud800"] }],
    ['{"a":1} x', '{"a":1} x'],
    ["[1,]", "[1,]"],
  ])("%s is %p", (text, value) => {
    expect(normalise(field, text)).toEqual(value);
    expect(check(field, normalise(field, text))).toBeUndefined();
  });

  test.each(["1e400", "[-1e400]", '{"a":1,"a":2}', '[{"a":{"b":1,"b":1}}]'])("%s is refused", (text) => {
    expect(check(field, normalise(field, text))).toMatchObject({ code: "validation_invalid_json" });
    expect(check(field, normalise(field, normalise(field, text)))).toMatchObject({ code: "validation_invalid_json" });
  });

  test("is not parsed if it is longer than the field allows", () => {
    const text = `[${" ".repeat(1 << 20)}]`;
    expect(normalise(field, text)).toBe(text);
    expect(check(field, text)).toMatchObject({ code: "validation_json_size_limit" });
  });
});

describe("content of an old database is read", () => {
  test.each([
    ["text", {}, null, ""],
    ["text", {}, 12, "12"],
    ["number", {}, "12", 12],
    ["number", {}, null, 0],
    ["bool", {}, null, false],
    ["bool", {}, 1, true],
    ["date", {}, "2024-01-02", "2024-01-02 00:00:00.000Z"],
    ["select", { maxSelect: 2 }, "a", ["a"]],
    ["select", {}, '["a","b"]', "b"],
    ["relation", { maxSelect: 2 }, null, []],
    ["json", {}, null, null],
    ["json", {}, 5, 5],
    ["json", {}, "not json", "not json"],
    ["geoPoint", {}, "", { lon: 0, lat: 0 }],
    ["geoPoint", {}, '{"lat":2}', { lon: 0, lat: 2 }],
  ] as const)("%s %p: %p", (type, options, stored, value) => {
    const field = parseField({ name: "f", type, ...options });
    expect(kindOf(field).fromColumn(field, stored)).toEqual(value);
  });
});

describe("column definitions are exactly PocketBase's", () => {
  test.each([
    ["text", { primaryKey: true }, "TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL"],
    ["text", {}, "TEXT DEFAULT '' NOT NULL"],
    ["number", {}, "NUMERIC DEFAULT 0 NOT NULL"],
    ["bool", {}, "BOOLEAN DEFAULT FALSE NOT NULL"],
    ["file", { maxSelect: 1 }, "TEXT DEFAULT '' NOT NULL"],
    ["file", { maxSelect: 2 }, "JSON DEFAULT '[]' NOT NULL"],
    ["json", {}, "JSON DEFAULT NULL"],
    ["geoPoint", {}, `JSON DEFAULT '{"lon":0,"lat":0}' NOT NULL`],
  ] as const)("%s %p", (type, options, column) => {
    const field = parseField({ name: "f", type, ...options });
    expect(kindOf(field).column(field)).toBe(column);
  });
});

describe("modifiers", () => {
  test.each([
    ["number", {}, "append", 5, "2", 7],
    ["number", {}, "remove", 5, 7, -2],
    ["select", { maxSelect: 3 }, "append", ["a"], ["b", "a"], ["a", "b"]],
    ["select", { maxSelect: 3 }, "prepend", ["a"], "b", ["b", "a"]],
    ["select", { maxSelect: 3 }, "remove", ["a", "b"], ["a", "x"], ["b"]],
    ["relation", {}, "append", "a", "b", "b"],
    ["relation", {}, "append", "b", ["a", "b"], "a"],
    ["relation", {}, "prepend", "a", "b", "a"],
    ["file", {}, "remove", "a", "a", ""],
  ] as const)("%s %p %s: %p and %p give %p", (type, options, modifier, current, input, result) => {
    const field = parseField({ name: "f", type, ...options });
    expect(kindOf(field).modifiers?.[modifier]?.(field, current, input)).toEqual(result);
  });
});

test("a field is written with sorted keys and all its options", () => {
  expect(JSON.stringify(fieldToJson(parseField({ type: "email", name: "e", id: "x" })))).toBe(
    '{"exceptDomains":[],"help":"","hidden":false,"id":"x","name":"e","onlyDomains":[],"presentable":false,' +
      '"required":false,"system":false,"type":"email"}',
  );
});

test("an autodate has no help and is never required", () => {
  const keys = Object.keys(fieldToJson(parseField({ type: "autodate", name: "a", onCreate: true })));
  expect(keys).toEqual(["hidden", "id", "name", "onCreate", "onUpdate", "presentable", "system", "type"]);
});

test.each([[{ type: "nope" }], [{ type: "text", max: "7" }], [{ type: "text", max: 7.5 }], ["text"], [null]])(
  "%p is not a field",
  (input) => {
    expect(() => parseField(input)).toThrow("Failed to load the submitted data due to invalid formatting.");
  },
);

test("a field that allows more than one value holds a list", () => {
  const options = { name: "r", type: "relation", collectionId: collectionId("x") };
  expect(isMultiple(parseField({ ...options, maxSelect: 1 }))).toBe(false);
  expect(isMultiple(parseField({ ...options, maxSelect: 2 }))).toBe(true);
});

const made = (autogeneratePattern: string): string =>
  autogenerate(asType("text", parseField({ name: "t", type: "text", autogeneratePattern })));

test("text is generated from the field's pattern, and is empty for an invalid one", () => {
  expect(made("[a-z]{9}")).toMatch(/^[a-z]{9}$/);
  expect(made("^bad")).toBe("");
  expect(made("")).toBe("");
});

function asType<Type extends FieldType>(type: Type, field: Field): FieldOf<Type> & Field {
  if (isOfType(field, type)) return field;
  throw new Error(`${field.type} is not ${type}`);
}

const isOfType = <Type extends FieldType>(field: Field, type: Type): field is FieldOf<Type> & Field =>
  field.type === type;

test.each([
  ["", "validation_required"],
  ["ab", "validation_min_text_constraint"],
  ["abcdef", "validation_max_text_constraint"],
  ["é".repeat(37), "validation_invalid_value"],
  ["AB3", "validation_invalid_format"],
  ["abc", undefined],
])("the plain password %p: %p", (plain, code) => {
  const field = parseField({ name: "p", type: "password", required: true, min: 3, max: 5, pattern: "^[a-z]+$" });
  expect(checkPlainPassword(asType("password", field), plain)?.code).toBe(code);
});
