import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { LocalFiles } from "../../files/local-files.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { assertWritable } from "../model/writable-collection.ts";
import { prepareSubmission } from "../write/prepare-submission.ts";
import { sweepFiles } from "./sweep-files.ts";

const fixture = await RecordFixture.open([
  { name: "docs", type: "base", fields: [{ name: "files", type: "file", maxSelect: 9, maxSize: 1_000_000 }] },
]);
const as = fixture.superuser();
const notes = join(fixture.dir, ".headwater.uploads");
const upload = (name: string): File => new File([name], name);

/** As the next process does. */
const sweep = (): Promise<void> =>
  sweepFiles(
    fixture.store,
    fixture.context().schema,
    new LocalFiles(join(fixture.dir, "storage"), join(fixture.dir, ".headwater.uploads")),
  );
const filesOf = (id: string): string[] => {
  const folder = fixture.path("docs", id);
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith(".attrs")) : [];
};

/** Stores the files of a submission that is never written, as a kill in between leaves it. */
async function abandon(id: string | undefined): Promise<string> {
  const collection = fixture.collection("docs");
  assertWritable(collection);
  const files = new Map([["files", [upload("orphan.txt"), upload("other.txt")]]]);
  const submission = await prepareSubmission(fixture.store, fixture.context({ as }), collection, id, {
    body: {},
    files,
  });
  return submission.id!;
}

test("uploads that no record names are removed, with what was only half written", async () => {
  const id = await abandon(undefined);
  const [name] = filesOf(id) as [string];
  expect(filesOf(id)).toHaveLength(2);
  await Bun.write(join(fixture.path("docs", id), `${name}.abc.tmp`), "half");
  await sweep();
  expect(existsSync(fixture.path("docs", id))).toBe(false);
  expect(readdirSync(notes)).toEqual([]);
});

test("files that a record names stay, also beside those of an update that was never written", async () => {
  const { id } = (await fixture.create("docs", { as, files: { files: [upload("kept.txt")] } })).body;
  await fixture.idle();
  expect(readdirSync(notes)).toEqual([]);
  const kept = filesOf(id);
  await abandon(id);
  expect(filesOf(id)).toHaveLength(3);
  await sweep();
  expect(filesOf(id)).toEqual(kept);
});

test("a kill between the commit and the end of its work loses no file", async () => {
  const { id, files } = (await fixture.create("docs", { as, files: { files: [upload("named.txt")] } })).body;
  await fixture.idle();
  await Bun.write(join(notes, "left"), JSON.stringify([`${fixture.collection("docs").id}/${id}/${files[0]}`]));
  await sweep();
  expect(filesOf(id)).toEqual(files);
  expect(readdirSync(notes)).toEqual([]);
});

test("the files of a record whose delete was committed are removed", async () => {
  const { id } = (await fixture.create("docs", { as, files: { files: [upload("left.txt")] } })).body;
  const path = fixture.path("docs", id, "left.txt");
  await fixture.remove("docs", id, { as });
  await fixture.idle();
  await Bun.write(path, "as if it had been killed before");
  await sweep();
  expect(existsSync(path)).toBe(false);
});

test("a note that can't be read is dropped", async () => {
  await Bun.write(join(notes, "cut"), '["a/b');
  await sweep();
  expect(readdirSync(notes)).toEqual([]);
});
