import { expect, test } from "bun:test";
import { buildIndex, hasUniqueIndex, parseIndex } from "./index-definition.ts";

test.each([
  ["create unique index idx1 on whatever (title)", "CREATE UNIQUE INDEX `idx1` ON `whatever` (`title`)"],
  [
    "CREATE INDEX IF NOT EXISTS main.`idx` ON [t] (`n`, b COLLATE NOCASE desc, lower(title)) where n > 1 ",
    "CREATE INDEX IF NOT EXISTS `main`.`idx` ON `t` (\n  `n`,\n  `b` COLLATE NOCASE DESC,\n  lower(title)\n) WHERE n > 1",
  ],
  ["create index on t (a)", ""],
  ["create index x on t ()", ""],
  ["create index x on t (a, 'b)", ""],
  ["drop index x", ""],
])("%p is rebuilt as %p", (statement, rebuilt) => {
  expect(buildIndex(parseIndex(statement))).toBe(rebuilt);
});

const has = (...indexes: string[]): boolean => hasUniqueIndex({ indexes }, "email");

test("a unique index counts if it covers exactly one column, whatever its WHERE and the name's case", () => {
  expect(has("CREATE UNIQUE INDEX `i` ON `t` (`Email` COLLATE NOCASE) WHERE email != ''")).toBe(true);
  expect(has("CREATE INDEX `i` ON `t` (`email`)")).toBe(false);
  expect(has("CREATE UNIQUE INDEX `i` ON `t` (`email`, `name`)")).toBe(false);
  expect(has()).toBe(false);
});
