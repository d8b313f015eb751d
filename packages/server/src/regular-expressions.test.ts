import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { parseSync, Visitor } from "oxc-parser";
import { superlinearFrom } from "./testing/linear.ts";
import { type Attack, attacksOn } from "./testing/regex-attacks.ts";

/**
 * A backtracking engine may take minutes for a hundred kilobytes. So all regular expressions of the server and the
 * protocol are tried on texts that are made to be hard for them, except those that never see a client's text.
 */
const TRUSTED: Readonly<Record<string, string>> = {
  "server/src/app/": "paths and messages of this machine",
  "server/src/cli/": "the command line",
  "server/src/collections/commands/": "schemas, which superusers write",
  "server/src/collections/fields/date.ts": "schemas, which superusers write",
  "server/src/collections/model/": "schemas, which superusers write",
  "server/src/collections/tables/": "schemas, which superusers write",
  "server/src/collections/validate/": "schemas, which superusers write",
  "server/src/collections/views/": "queries of views, which superusers write",
  "server/src/config.ts": "the command line",
  "server/src/library/hook-files/": "stack traces of the application's hooks",
  "server/src/lib/text/character-class.ts": "patterns in schemas, which superusers write",
  "server/src/lib/text/pattern-tree.ts": "patterns in schemas, which superusers write",
  "server/src/rules/golden/": "tests",
  "server/src/schema-types/": "schemas, which superusers write",
  "server/src/store/": "messages of SQLite",
  "server/src/testing/": "tests",
};

/** Expressions that are made when the module loads: what calls them, and where that is tested. */
const COMPUTED: Readonly<Record<string, string>> = {
  "server/src/http/cors.ts": "an origin has at most 261 characters",
  "server/src/lib/text/date-time.ts": "lib/linear.test.ts",
  "server/src/rules/resolve/resolve-name.ts": "a filter has at most 3,500 bytes",
};

interface Found {
  readonly file: string;
  /** `undefined` for one that is computed. */
  readonly expression: RegExp | undefined;
}

const PACKAGES = join(import.meta.dir, "../..");

async function* expressions(): AsyncGenerator<Found> {
  for await (const file of new Glob("{server,protocol}/src/**/*.ts").scan(PACKAGES)) {
    if (file.endsWith(".test.ts") || Object.keys(TRUSTED).some((start) => file.startsWith(start))) continue;
    const found: Found[] = [];
    const isRegExp = (callee: { readonly type: string; readonly name?: unknown }): boolean =>
      callee.type === "Identifier" && callee.name === "RegExp";
    const computed = ({ callee }: { readonly callee: { readonly type: string; readonly name?: unknown } }): void => {
      if (isRegExp(callee)) found.push({ file, expression: undefined });
    };
    const visitor = new Visitor({
      Literal: (node) => {
        if (!("regex" in node)) return;
        found.push({ file, expression: new RegExp(node.regex.pattern, node.regex.flags) });
      },
      NewExpression: computed,
      CallExpression: computed,
    });
    visitor.visit(parseSync(file, await Bun.file(join(PACKAGES, file)).text()).program);
    yield* found;
  }
}

const found = await Array.fromAsync(expressions());

test("the scan sees expressions at all", () => {
  expect(found.length).toBeGreaterThan(50);
});

test("computed expressions are known", () => {
  const files = found.filter(({ expression }) => expression === undefined).map(({ file }) => file);
  expect([...new Set(files)].sort()).toEqual(Object.keys(COMPUTED).sort());
});

test("the attacks find expressions that take quadratic and exponential time", () => {
  expect(worst(/\d+\.?\d*x/)).toBeDefined();
  expect(worst(/^(?:a|aa)+$/)).toBeDefined();
  expect(worst(/\.+$/)).toBeDefined();
  expect(worst(/^(a+)+$/)).toBeDefined();
  expect(worst(/^a+$/)).toBeUndefined();
}, 300_000);

describe("an expression over client text takes linear time", () => {
  const cases = found.flatMap(({ file, expression }) => (expression ? [[file, String(expression), expression]] : []));
  test.each(cases as [string, string, RegExp][])(
    "%s: %s",
    (_file, _source, expression) => {
      expect(worst(expression)).toBeUndefined();
    },
    300_000,
  );
});

/** The first attack for which the time grows faster than the text. */
function worst(expression: RegExp): Attack | undefined {
  return attacksOn(expression).find(({ lead, pump, tail }) => {
    const textOf = (length: number): string => lead + pump.repeat(Math.ceil(length / pump.length)) + tail;
    return superlinearFrom(textOf, (text) => runAll(expression, text)) !== undefined;
  });
}

/** All matches in the text, as the expression's flags ask. */
function runAll(expression: RegExp, text: string): void {
  expression.lastIndex = 0;
  if (expression.global) text.replaceAll(expression, "");
  else expression.exec(text);
}
