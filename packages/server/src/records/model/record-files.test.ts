import { describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { codesOf, type TestResponse, RecordFixture } from "../../testing/record-fixture.ts";

const PNG = Uint8Array.fromBase64(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
);

const fixture = await RecordFixture.open([
  {
    name: "albums",
    type: "base",
    viewRule: "",
    createRule: "title != 'forbidden'",
    updateRule: "",
    deleteRule: "",
    fields: [
      { name: "title", type: "text" },
      { name: "cover", type: "file", mimeTypes: ["image/png"] },
      { name: "files", type: "file", maxSelect: 3, maxSize: 10 },
      { name: "hidden", type: "file", hidden: true },
    ],
    indexes: ["CREATE UNIQUE INDEX idx_title ON albums (title) WHERE title != ''"],
  },
  {
    name: "guarded",
    type: "base",
    createRule: "@request.body.file.size < 5 && @request.body.file.originalName = 'ok.txt'",
    fields: [{ name: "file", type: "file" }],
  },
]);

const file = (name: string, content: string | Uint8Array<ArrayBuffer> = "x"): File => new File([content], name);
const sorted = (names: readonly string[]): string[] => [...names].sort();
const stored = async (id: string): Promise<string[]> => {
  await fixture.idle();
  const names = await readdir(fixture.path("albums", id)).catch(() => []);
  return sorted(names.filter((name) => !name.endsWith(".attrs")));
};
const create = (files: Readonly<Record<string, readonly File[]>>, body = {}): Promise<TestResponse> =>
  fixture.create("albums", { body, files });

test("files are stored under new names in their record's folder", async () => {
  const { body } = await create({ cover: [file("My Photo.PNG", PNG)], files: [file("a.txt"), file("b.txt")] });
  expect(body.cover).toMatch(/^my_photo_[a-z0-9]{10}\.PNG$/);
  expect(await stored(body.id)).toEqual(sorted([body.cover, ...body.files]));
  expect(await fixture.files.open(`${fixture.collection("albums").id}/${body.id}/${body.cover}`)).toMatchObject({
    contentType: "image/png",
    originalName: "My Photo.PNG",
  });
});

describe("an update", () => {
  type Change = (names: readonly string[]) => {
    readonly body?: Readonly<Record<string, unknown>>;
    readonly files?: Readonly<Record<string, readonly File[]>>;
  };
  test.each<[string, Change, readonly RegExp[]]>([
    ["without files keeps them", () => ({ body: { title: "" } }), [/^one_/, /^two_/]],
    ["with new files replaces the old ones", () => ({ files: { files: [file("new.txt")] } }), [/^new_/]],
    [
      "keeps old files that it names",
      ([one]) => ({ body: { files: one }, files: { files: [file("new.txt")] } }),
      [/^one_/, /^new_/],
    ],
    ["appends files", () => ({ files: { "files+": [file("new.txt")] } }), [/^one_/, /^two_/, /^new_/]],
    ["prepends files", () => ({ files: { "+files": [file("new.txt")] } }), [/^new_/, /^one_/, /^two_/]],
    ["removes a file by name", ([one]) => ({ body: { "files-": one } }), [/^two_/]],
    ["removes a file that it leaves out", ([, two]) => ({ body: { files: [two] } }), [/^two_/]],
    ["removes all files", () => ({ body: { files: null } }), []],
  ])("%s", async (_name, change, expected) => {
    const { body } = await create({ files: [file("one.txt"), file("two.txt")] });
    const updated = await fixture.update("albums", body.id, change(body.files));
    expect(updated.body.files).toEqual(expected.map((name) => expect.stringMatching(name)));
    expect(await stored(body.id)).toEqual(sorted(updated.body.files));
  });
});

describe("a rejected record leaves no file", () => {
  test.each<[string, Readonly<Record<string, readonly File[]>>, object, Record<string, string>]>([
    ["by a rule", { files: [file("a.txt")] }, { title: "forbidden" }, {}],
    [
      "for a type that is not allowed",
      { cover: [file("a.png", "no picture")] },
      {},
      { cover: "validation_invalid_mime_type" },
    ],
    ["for a large file", { files: [file("a.txt", "x".repeat(11))] }, {}, { files: "validation_file_size_limit" }],
    [
      "for too many files",
      { files: [1, 2, 3, 4].map((n) => file(`${n}.txt`)) },
      {},
      { files: "validation_too_many_files" },
    ],
    ["for names without files", {}, { files: ["a.txt"] }, { files: "validation_invalid_file" }],
    ["for another field", { files: [file("a.txt")] }, { title: "taken" }, { title: "validation_not_unique" }],
  ])("%s", async (_name, files, body, codes) => {
    await create({}, { title: "taken" });
    const reply = await create(files, { id: "refused00000000", ...body });
    expect({ status: reply.status, codes: codesOf(reply) }).toEqual({ status: 400, codes });
    expect(await stored("refused00000000")).toEqual([]);
  });
});

test("a rejected create never touches the files of the record whose id it asked for", async () => {
  const { body } = await create({ files: [file("mine.txt")] });
  expect(codesOf(await create({ files: [file("yours.txt")] }, { id: body.id }))).toEqual({
    id: "validation_not_unique",
  });
  expect(await stored(body.id)).toEqual(body.files);
});

test("a single-file field stores only the last file, a hidden field none", async () => {
  const { body } = await create({ cover: [file("a.png", PNG), file("b.png", PNG)], hidden: [file("c.txt")] });
  expect(await stored(body.id)).toEqual([body.cover]);
});

test("all files are deleted with their record", async () => {
  const { body } = await create({ files: [file("a.txt")] });
  await fixture.remove("albums", body.id);
  expect(await stored(body.id)).toEqual([]);
});

const send = async (sent: File): Promise<number> =>
  (await fixture.create("guarded", { files: { file: [sent] } })).status;

test("a rule can read the size and name of an upload", async () => {
  expect(await send(file("ok.txt"))).toBe(200);
  expect(await send(file("ok.txt", "too long"))).toBe(400);
  expect(await send(file("other.txt"))).toBe(400);
});
