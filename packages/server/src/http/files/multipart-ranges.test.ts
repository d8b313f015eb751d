import { expect, test } from "bun:test";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import type { StoredFile } from "../../files/file-store.ts";
import { multipartRanges } from "./multipart-ranges.ts";

const path = join(testDir(), "file");
await Bun.write(path, new Uint8Array(10_000));
const file: StoredFile = {
  contentType: "a/b",
  size: 10_000,
  modified: new Date(0),
  etag: "x",
  content: (start = 0, end = 10_000) => Bun.file(path).slice(start, end),
};

test("many small ranges let others have their turns", async () => {
  const ranges = Array.from({ length: 2_000 }, (_, i) => ({ start: i, end: i + 1 }));
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const { content, size } = multipartRanges(file, "a/b", ranges);
  const body = await new Response(await content()).bytes();
  isDone = true;
  expect([body.byteLength, turns > 3]).toEqual([size, true]);
});
