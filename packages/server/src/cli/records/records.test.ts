import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { startTestApp } from "../../testing/test-app.ts";

setDefaultTimeout(60_000);

const { url, dir, add, define, collection, app } = await startTestApp();
await define({
  name: "items",
  fields: [
    { type: "text", name: "title", max: 10 },
    { type: "number", name: "n" },
  ],
});
await add("_superusers", { email: "cli@example.com" });
const files = join(testDir(), "files");
mkdirSync(files, { recursive: true });

async function run(args: readonly string[], input = ""): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = [process.execPath, join(import.meta.dir, "../../main.ts"), "records", ...args];
  const child = Bun.spawn(command, { cwd: files, stdin: new Blob([input]), stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

const write = (name: string, text: string): void => writeFileSync(join(files, name), text);
const titles = async (): Promise<string[]> =>
  (await app.folder.store.all({ text: "SELECT title FROM items ORDER BY title", values: [] })).map(({ title }) =>
    String(title),
  );
const empty = (): Promise<number> =>
  app.folder.store.write((tx) => tx.run({ text: `DELETE FROM ${collection("items").name}`, values: [] }));

const PLACES: readonly [string, readonly string[]][] = [
  ["a folder that is being served", ["--dir", dir]],
  ["a server", ["--url", url, "--superuser", "cli@example.com:1234567890"]],
];

describe.each(PLACES)("with %s", (_, place) => {
  test("rows are imported, and those that are refused are named", async () => {
    await empty();
    write("items.csv", "Name,n,Note\na,1,x\nb,many,x\nmuch too long,3,x\nc,4,x\n");
    const map = ["--map", "Name=title", "--map", "Note="];
    const ended = await run(["import", "items", "items.csv", ...map, ...place]);
    expect(ended).toMatchObject({
      code: 1,
      stderr: "Line 3: Its values can't be read. n: It must be a number.\n",
      stdout: "4 rows were read: 1 record was created, 0 updated; 1 row was refused. The import ended at line 3.\n",
    });
    await empty();
    const tried = await run(["import", "items", "items.csv", ...map, ...place, "--continue-on-error", "--dry-run"]);
    expect(tried.stdout).toBe("4 rows were read: 2 records would be created, 0 updated; 2 rows would be refused.\n");
    expect(await titles()).toEqual([]);
    const done = await run(["import", "items", "items.csv", ...map, ...place, "--continue-on-error", "--atomic"]);
    expect(done.stderr).toContain("Line 4: Failed to create record. title:");
    expect([done.code, await titles()]).toEqual([1, ["a", "c"]]);
  });

  test("an export goes to a file or to standard output, and comes back from standard input", async () => {
    await empty();
    for (const title of ["=1", "b"]) await add("items", { title, n: 2 });
    expect(await run(["export", "items", "out.csv", "--fields", "title,n", ...place])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect(readFileSync(join(files, "out.csv"), "utf8")).toBe("title,n\n'=1,2\nb,2\n");
    const { stdout } = await run(["export", "items", "--format", "ndjson", "--filter", "title='b'", ...place]);
    expect(JSON.parse(stdout)).toMatchObject({ title: "b", n: 2 });
    const again = await run(["import", "items", "-", "--format", "ndjson", "--upsert", ...place], stdout);
    expect(again).toMatchObject({
      code: 0,
      stdout: "1 row was read: 0 records were created, 1 updated; 0 rows were refused.\n",
    });
  });
});

describe.each(PLACES)("an export that fails, from %s,", (_, place) => {
  test.each([
    ["--fields", "nope", '"nope" is not a field'],
    ["--filter", "nope = 1", 'unknown field "nope"'],
  ])("because of %s says why, and leaves the file of an earlier one", async (option, value, sentence) => {
    const folder = `failed${option}${place[0]}`;
    mkdirSync(join(files, folder));
    write(`${folder}/kept.csv`, "title\nold\n");
    for (const name of ["kept.csv", "new.csv"]) {
      const { code, stderr } = await run(["export", "items", `${folder}/${name}`, option, value, ...place]);
      expect([code, stderr]).toEqual([1, expect.stringContaining(sentence)]);
    }
    expect(readdirSync(join(files, folder))).toEqual(["kept.csv"]);
    expect(readFileSync(join(files, folder, "kept.csv"), "utf8")).toBe("title\nold\n");
  });
});

test.each<[string, readonly string[], string]>([
  [
    "a file of an unknown kind",
    ["import", "items", "items.txt"],
    "The format of items.txt is not known. Add --format csv, ndjson or json.\n",
  ],
  ["a missing file", ["import", "items", "nope.csv", "--dir", dir], "nope.csv can't be read:"],
  [
    "a missing file for a server",
    ["import", "items", "nope.csv", ...PLACES[1]![1]],
    "nope.csv can't be read: ENOENT: no such file or directory, open 'nope.csv'.\n",
  ],
  ["a missing folder", ["export", "items", "no/x.csv", "--dir", dir], "no/x.csv can't be written: ENOENT"],
  ["a missing collection", ["export", "nope", "--format", "csv", "--dir", dir], "There is no collection nope.\n"],
  [
    "a map without a field",
    ["import", "items", "items.csv", "--map", "x", "--dir", dir],
    '--map must be COLUMN=FIELD, not "x".\n',
  ],
  [
    "a long delimiter",
    ["export", "items", "x.csv", "--delimiter", "ab", "--dir", dir],
    '--delimiter must be one character, or tab, not "ab".\n',
  ],
])("%s is an error", async (_, args, sentence) => {
  const { code, stderr } = await run(args);
  expect([code, stderr.startsWith(sentence) || stderr]).toEqual([1, true]);
});
