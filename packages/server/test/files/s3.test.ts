import { afterAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { startS3 } from "@headwater/testing/servers/s3-server.ts";
import { S3Connection } from "../../src/files/s3/s3-connection.ts";
import { S3Files } from "../../src/files/s3/s3-files.ts";
import { play, testScenarios, errorText } from "../../src/testing/scenario.ts";
import { startTestApp } from "../../src/testing/test-app.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";

const s3 = await startS3();
afterAll(async () => s3[Symbol.asyncDispose]());
const { url, admin, define, collection, dir, log } = await startTestApp();
const MAX_SIZE = 200_000_000;
await define({
  name: "docs",
  viewRule: "",
  createRule: "",
  updateRule: "",
  deleteRule: "",
  fields: [{ type: "file", name: "file", maxSelect: 3, maxSize: MAX_SIZE, thumbs: ["30x0"] }],
});

const bucket = new S3Files(new S3Connection(s3.settings, 20_000), testDir());
const keys = async (): Promise<string[]> => (await Array.fromAsync(bucket.list(""))).map(({ key }) => key).sort();

const configure = async (settings: Readonly<Record<string, unknown>>): Promise<void> => {
  const response = await play(url, { method: "PATCH", path: "/api/settings", token: admin, body: settings });
  if (response.status !== 200) throw new Error(await response.text());
};
const use = (changes: Readonly<Record<string, unknown>> = {}): Promise<void> =>
  configure({ s3: { ...s3.settings, ...changes } });

interface Doc {
  readonly id: string;
  readonly file: readonly string[];
}

const send = (files: readonly File[], id?: string): Promise<Response> => {
  const form = new FormData();
  for (const file of files) form.append("file", file);
  const path = `/api/collections/docs/records${id === undefined ? "" : `/${id}`}`;
  return play(url, { method: id === undefined ? "POST" : "PATCH", path, body: form });
};
const create = async (...files: File[]): Promise<Doc> => (await send(files)).json() as Promise<Doc>;
const pathOf = ({ id }: Doc, name = ""): string => `/api/files/docs/${id}/${name}`;
const keyOf = ({ id }: Doc, name = ""): string => `${collection("docs").id}/${id}/${name}`;

/** A red picture of 60 x 60 pixels. */
const picture = async (): Promise<File> => {
  const { default: sharp } = await import("sharp");
  const png = sharp({ create: { width: 60, height: 60, channels: 3, background: "#f00" } }).png();
  return new File([new Uint8Array(await png.toBuffer())], "red.png");
};

test("changed settings apply at once: files are stored in the bucket under PocketBase's keys", async () => {
  const before = await create(new File(["local"], "a.txt"));
  await use();
  const doc = await create(new File(["hello"], "Ä b.txt"));
  expect(await bucket.open(keyOf(doc, doc.file[0]))).toMatchObject({
    size: 5,
    contentType: "text/plain; charset=utf-8",
    originalName: "Ä b.txt",
  });
  expect(await (await play(url, { path: pathOf(doc, doc.file[0]) })).text()).toBe("hello");
  expect((await play(url, { path: pathOf(before, before.file[0]) })).status).toBe(404);
  await use({ enabled: false });
  expect(await (await play(url, { path: pathOf(before, before.file[0]) })).text()).toBe("local");
  expect((await play(url, { path: pathOf(doc, doc.file[0]) })).status).toBe(404);
  await use();
});

test("ranges, conditions and HEAD are answered as from the disk", async () => {
  const doc = await create(new File(["0123456789"], "ten.txt"));
  const path = pathOf(doc, doc.file[0]);
  const part = await play(url, { path, headers: { Range: "bytes=2-4" } });
  expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([206, "bytes 2-4/10", "234"]);
  expect(part.headers.get("content-length")).toBe("3");
  const parts = await play(url, { path, headers: { Range: "bytes=0-1,5-6" } });
  expect(await parts.text()).toContain("Content-Range: bytes 5-6/10\r\n");
  const head = await play(url, { method: "HEAD", path });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "10"]);
  const modified = head.headers.get("last-modified")!;
  expect((await play(url, { path, headers: { "If-Modified-Since": modified } })).status).toBe(304);
});

test("thumbnails are stored beside their picture, and go with it", async () => {
  const doc = await create(await picture());
  const [name = ""] = doc.file;
  const thumb = await play(url, { path: `${pathOf(doc, name)}?thumb=30x0` });
  expect([thumb.status, thumb.headers.get("content-type")]).toEqual([200, "image/png"]);
  expect((await keys()).filter((key) => key.startsWith(keyOf(doc)))).toEqual(
    [keyOf(doc, name), keyOf(doc, `thumbs_${name}/30x0_${name}`)].sort(),
  );
  await play(url, { method: "PATCH", path: `/api/collections/docs/records/${doc.id}`, body: { file: [] } });
  while ((await keys()).some((key) => key.startsWith(keyOf(doc)))) await Bun.sleep(10);
});

test("a deleted record's files are deleted", async () => {
  const doc = await create(new File(["a"], "a.txt"), new File(["b"], "b.txt"));
  await play(url, { method: "DELETE", path: `/api/collections/docs/records/${doc.id}` });
  while ((await keys()).some((key) => key.startsWith(keyOf(doc)))) await Bun.sleep(10);
});

test("100 MB arrive, and are read whole and in part", async () => {
  const content = randomBytes(1 << 20);
  const whole = Buffer.concat(Array.from({ length: 100 }, () => content));
  const doc = await create(new File([whole], "large.bin"));
  const response = await play(url, { path: pathOf(doc, doc.file[0]) });
  expect(Buffer.from(await response.arrayBuffer()).equals(whole)).toBe(true);
  const part = await play(url, { path: pathOf(doc, doc.file[0]), headers: { Range: "bytes=99000000-99000009" } });
  expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(99_000_000, 99_000_010))).toBe(true);
});

test("a write waits for no upload: others go on while the store does not answer", async () => {
  const arrived = Promise.withResolvers<void>();
  const silent = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: () => hang(arrived.resolve) });
  await use({ endpoint: silent.url.href });
  const stuck = send([new File(["x"], "stuck.txt")]);
  await arrived.promise;
  expect((await send([])).status).toBe(200);
  await silent.stop(true);
  expect((await stuck).status).toBe(400);
  await use();
});

const hang = (arrived: () => void): Promise<Response> => {
  arrived();
  return new Promise(() => {});
};

describe("when the store fails", () => {
  test("a create fails as in PocketBase, and the reason is logged", async () => {
    await use({ accessKey: "wrong" });
    const response = await send([new File(["x"], "a.txt")]);
    expect(await response.text()).toBe(errorText(400, "Failed to create record."));
    expect(log.some(({ reason }) => String(reason).startsWith("403 InvalidAccessKeyId: "))).toBe(true);
    await use();
  });

  test("an update fails, and the record keeps its files", async () => {
    const doc = await create(new File(["old"], "old.txt"));
    await use({ bucket: "none" });
    const response = await send([new File(["x"], "new.txt")], doc.id);
    expect(await response.text()).toBe(errorText(400, "Failed to update record."));
    await use();
    expect(await (await play(url, { path: pathOf(doc, doc.file[0]) })).text()).toBe("old");
  });

  test("a download is not found, as in PocketBase, and works again with the store", async () => {
    const doc = await create(new File(["back"], "back.txt"));
    await s3.stop();
    const away = await play(url, { path: pathOf(doc, doc.file[0]) });
    expect(await away.text()).toBe(errorText(404, "The requested resource wasn't found."));
    await s3.start();
    expect(await (await play(url, { path: pathOf(doc, doc.file[0]) })).text()).toBe("back");
  });
});

describe("POST /api/settings/test/s3", () => {
  const path = "/api/settings/test/s3";
  testScenarios(url, [
    { name: "is for superusers", method: "POST", path, status: 401 },
    {
      name: "needs a file system",
      method: "POST",
      path,
      token: admin,
      status: 400,
      contains: [
        errorText(400, "Failed to test the S3 filesystem.", {
          filesystem: { code: "validation_required", message: "Cannot be blank." },
        }),
      ],
    },
    {
      name: "knows two file systems",
      method: "POST",
      path,
      token: admin,
      body: { filesystem: "x" },
      status: 400,
      contains: [
        errorText(400, "Failed to test the S3 filesystem.", {
          filesystem: { code: "validation_in_invalid", message: "Must be a valid value." },
        }),
      ],
    },
    {
      name: "says that S3 is off",
      method: "POST",
      path,
      token: admin,
      body: { filesystem: "backups" },
      status: 400,
      contains: [
        errorText(400, "Failed to test the S3 filesystem. Raw error: \nS3 storage filesystem is not enabled."),
      ],
    },
    {
      name: "stores a file and removes it",
      method: "POST",
      path,
      token: admin,
      body: { filesystem: "storage" },
      status: 204,
    },
  ]);

  test("says why the store refuses", async () => {
    await configure({ backups: { s3: { ...s3.settings, bucket: "none" } } });
    const response = await play(url, { method: "POST", path, token: admin, body: { filesystem: "backups" } });
    const { message } = (await response.json()) as { message: string };
    expect(message).toMatch(
      /^Failed to test the S3 filesystem\. Raw error: \nfailed to upload a test file: \[key: \S+\] 404 NoSuchBucket: /,
    );
    expect((await keys()).filter((key) => key.includes("settings_test"))).toEqual([]);
  });
});

test("nothing of what failed or passed is left on the disk", async () => {
  const left = await Array.fromAsync(
    new Bun.Glob("{.headwater.uploads,.headwater.spool}/*").scan({ cwd: dir, dot: true }),
  );
  expect(left).toEqual([]);
});
