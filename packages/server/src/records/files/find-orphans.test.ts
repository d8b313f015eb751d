import { expect, test } from "bun:test";
import type { RecordValues } from "@headwater/protocol";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { assertWritable } from "../model/writable-collection.ts";
import { prepareSubmission } from "../write/prepare-submission.ts";
import { findOrphans } from "./find-orphans.ts";

const fixture = await RecordFixture.open([
  {
    name: "docs",
    type: "base",
    fields: [
      { name: "files", type: "file", maxSelect: 9 },
      { name: "hidden", type: "file", hidden: true },
      { name: "title", type: "text" },
    ],
  },
]);
const as = fixture.superuser();
const { id: docs } = fixture.collection("docs");
const upload = (name: string): File => new File([name], name);

async function create(): Promise<RecordValues & { files: string[]; hidden: string }> {
  const files = { files: [upload("one.txt"), upload("two.txt")], hidden: [upload("three.txt")] };
  const { body } = await fixture.create("docs", { as, files });
  await fixture.idle();
  return body;
}
const put = async (key: string): Promise<string> => {
  await fixture.files.put(key, new Blob(["xy"]), { contentType: "" });
  return key;
};
const LATER = new Date(Date.now() + 60_000);

/** The keys of orphans, and what is missing. */
async function orphans(before = LATER): Promise<Record<string, string>> {
  const { schema } = fixture.context();
  const search = { reader: fixture.store, schema, files: fixture.files, before };
  const found = await Array.fromAsync(findOrphans(search));
  return Object.fromEntries(found.map(({ key, missing }) => [key, missing]));
}

test("what records name stays, thumbnails and hidden fields included", async () => {
  const { id, files } = await create();
  await put(`${docs}/${id}/thumbs_${files[0]}/1x1_${files[0]}`);
  expect(await orphans()).toEqual({});
});

test("what nothing names is found, with the reason", async () => {
  const { id, files } = await create();
  const expected = {
    [await put(`${docs}/${id}/left.txt`)]: "name",
    [await put(`${docs}/${id}/${files[0]}.abc.tmp`)]: "name",
    [await put(`${docs}/${id}/thumbs_left.png/1x1_left.png`)]: "name",
    [await put(`${docs}/gone00000000000/a.txt`)]: "record",
    [await put(`docs/${id}/${files[0]}`)]: "collection",
    [await put(`pbc_0000000000/${id}/a.txt`)]: "collection",
  };
  // Not a record's.
  await put(`${docs}/own.txt`);
  await put(`${docs}/${id}/folder/own.txt`);
  expect(await orphans()).toEqual(expected);
  for (const key of Object.keys(expected)) await fixture.files.remove(key);
  expect(await orphans()).toEqual({});
});

test("a young file is left alone", async () => {
  const key = await put(`${docs}/gone00000000000/young.txt`);
  expect(await orphans(new Date(Date.now() - 3_600_000))).toEqual({});
  await fixture.files.remove(key);
});

test("a name in a text field does not keep a file", async () => {
  const { id } = await create();
  const key = await put(`${docs}/${id}/title.txt`);
  await fixture.update("docs", id, { as, body: { title: "title.txt" } });
  expect(await orphans()).toEqual({ [key]: "name" });
  await fixture.files.remove(key);
});

test("files of an upload that is under way are none, before and after its commit", async () => {
  const collection = fixture.collection("docs");
  assertWritable(collection);
  const files = new Map([["files", [upload("new.txt")]]]);
  const submission = await prepareSubmission(fixture.store, fixture.context({ as }), collection, undefined, {
    body: {},
    files,
  });
  expect((await Array.fromAsync(fixture.files.list(`${docs}/${submission.id}/`))).length).toBe(1);
  expect(await orphans()).toEqual({});
  await submission.discard();
  expect(await orphans()).toEqual({});
});
