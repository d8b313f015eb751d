import { expect, test } from "bun:test";
import { dirname, join, normalize } from "node:path";
import { Glob } from "bun";

/**
 * The house from top to bottom: what stands in a line may import what stands above it and itself, nothing else.
 * Type-only imports count: a type that points up is an arrow that points up.
 */
const LAYERS = [
  "lib",
  "flags",
  "flags.ts",
  "config.ts",
  "store",
  "log",
  "files",
  "settings",
  "collections/fields",
  "collections/model",
  "collections/tables",
  "collections/views",
  "rules",
  "rules/syntax",
  "rules/resolve",
  "rules/predicate",
  "rules/analysis",
  "rules/sql",
  "collections/validate",
  "collections/commands",
  "collections/system",
  "schema-types",
  "records/model",
  "records/search",
  "records/query",
  "records/advice",
  "records/changes",
  "records/rule-check",
  "records/present",
  "records/hooks",
  "records/kept",
  "records/write",
  "records/restore",
  "records/files",
  "records/batch",
  "records/transfer",
  "auth",
  "visibility",
  "sync",
  "tasks",
  "hub",
  "presence",
  "transports",
  "metrics",
  "http",
  "connections",
  "api",
  "app",
  "library",
  "index.ts",
  "cli",
  "main.ts",
] as const;

/** Layers that may not meet although one stands above the other. */
const STRANGERS: Readonly<Record<string, readonly string[]>> = {
  hub: ["lib", "log"],
  presence: ["lib", "hub"],
  transports: ["lib", "hub"],
};

const SOURCE = import.meta.dir;
const IMPORT = /(?:from|import)\s*\(?\s*"(\.[^"]+\.ts)"/g;

/** Tests, and what they stand on. */
const isTest = (file: string): boolean => /\.test\.ts$|^testing\/|\/golden\//.test(file);

/** The room that a file stands in: the longest path of the table that holds it. */
const layerOf = (path: string): string =>
  LAYERS.filter((layer) => path === layer || path.startsWith(`${layer}/`)).toSorted((a, b) => b.length - a.length)[0] ??
  path;

async function* imports(): AsyncGenerator<{ file: string; target: string }> {
  for await (const file of new Glob("**/*.ts").scan(SOURCE)) {
    if (isTest(file)) continue;
    const text = await Bun.file(join(SOURCE, file)).text();
    for (const [, specifier] of text.matchAll(IMPORT)) {
      yield { file, target: normalize(join(dirname(file), specifier!)) };
    }
  }
}

test("a folder imports only from folders above it", async () => {
  const wrong: string[] = [];
  for await (const { file, target } of imports()) {
    const from = LAYERS.indexOf(layerOf(file) as never);
    const to = LAYERS.indexOf(layerOf(target) as never);
    if (from < 0 || to < 0) wrong.push(`${file} -> ${target}: not in the table`);
    else if (to > from) wrong.push(`${file} -> ${target}: points up`);
    const known = STRANGERS[layerOf(file)];
    if (known && to !== from && !known.includes(layerOf(target))) wrong.push(`${file} -> ${target}: strangers`);
  }
  expect(wrong).toEqual([]);
});

test("only the SQLite engine knows the driver", async () => {
  const wrong: string[] = [];
  for await (const file of new Glob("**/*.ts").scan(SOURCE)) {
    if (file.startsWith("store/sqlite/") || isTest(file)) continue;
    if ((await Bun.file(join(SOURCE, file)).text()).includes('from "bun:sqlite"')) wrong.push(file);
  }
  expect(wrong).toEqual([]);
});

test("the scan sees imports at all", async () => {
  let seen = 0;
  for await (const _ of imports()) seen += 1;
  expect(seen).toBeGreaterThan(50);
});
