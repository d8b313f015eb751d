import { expect, test } from "bun:test";
import { array, assert, constantFrom, property } from "fast-check";
import { splitStatements } from "./statements.ts";

const textsOf = (script: string): string[] => splitStatements(script).map(({ text }) => text);

test.each([
  ["", []],
  [" ; ;; -- nothing\n/* ; */", []],
  ["select 1", ["select 1"]],
  ["select 1; select 2;", ["select 1", "select 2"]],
  [`select ';', ";", [;], \`;\` -- ;\n; /* ; */ select 2`, [`select ';', ";", [;], \`;\` -- ;`, "/* ; */ select 2"]],
  ["select 'it''s; one'; select 2", ["select 'it''s; one'", "select 2"]],
  [
    "create trigger t after insert on a begin update b set c = case when 1 then 2 end; select 1; end; select 2",
    ["create trigger t after insert on a begin update b set c = case when 1 then 2 end; select 1; end", "select 2"],
  ],
  ["-- first\ncreate temp trigger t after insert on a begin select 1; end", undefined],
  ["select 'open; select 2", ["select 'open; select 2"]],
  ["select 1 /* open; select 2", ["select 1 /* open; select 2"]],
])("the statements of %p", (script, expected) => {
  expect(textsOf(script)).toEqual(expected ?? [script]);
});

test.each([
  ["select '?', \":x\", 1 -- ?", undefined],
  ["select ?1", "?1"],
  ["select a from b where c = :name", ":name"],
  ["select a from b where c = $name", "$name"],
])("the parameter of %p", (script, expected) => {
  expect(splitStatements(script)[0]!.parameter).toBe(expected);
});

test("statements joined by semicolons come apart as they were", () => {
  const statement = constantFrom("select 1", "select ';'", 'select "a;b"', "update t set a = '--;'", "select [x;y]");
  assert(
    property(array(statement), (statements) => {
      expect(textsOf(statements.join(";\n"))).toEqual(statements);
    }),
  );
});
