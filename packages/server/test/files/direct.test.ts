import { afterAll, expect, test } from "bun:test";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { startS3 } from "@headwater/testing/servers/s3-server.ts";
import { S3Connection } from "../../src/files/s3/s3-connection.ts";
import { S3Files } from "../../src/files/s3/s3-files.ts";
import { bucketKeyOf } from "../../src/files/uploads/pending-uploads.ts";
import { findOrphans } from "../../src/records/files/find-orphans.ts";
import { errorText, play } from "../../src/testing/scenario.ts";
import { startTestApp } from "../../src/testing/test-app.ts";

const s3 = await startS3();
afterAll(async () => s3[Symbol.asyncDispose]());
const { app, url, admin, add, define, tokenOf, collection } = await startTestApp();
const FILE = { type: "file", name: "file", maxSize: 50_000_000, mimeTypes: ["text/plain"], resumable: true };
await define({ name: "open", viewRule: "", createRule: "", fields: [FILE] });
await define({
  name: "docs",
  createRule: "owner = @request.auth.id",
  fields: [FILE, { type: "text", name: "owner" }],
});
const bucket = new S3Files(new S3Connection(s3.settings, 20_000), testDir());

const configure = (enabled: boolean): Promise<Response> =>
  play(url, { method: "PATCH", path: "/api/settings", token: admin, body: { s3: { ...s3.settings, enabled } } });
await configure(true);

interface Presigned {
  readonly upload: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expires: string;
}

const ask = (body: unknown, { name = "open", token = "" } = {}): Promise<Response> =>
  play(url, { method: "POST", path: `/api/collections/${name}/uploads/presign`, body, token });
const presigned = async (...args: Parameters<typeof ask>): Promise<Presigned> => {
  const response = await ask(...args);
  if (response.status !== 200) throw new Error(await response.text());
  return (await response.json()) as Presigned;
};
const put = ({ url: target, method, headers }: Presigned, body: string): Promise<Response> =>
  fetch(target, { method, headers, body });
const attach = (file: string, name = "open", token = "", more = {}): Promise<Response> =>
  play(url, { method: "POST", path: `/api/collections/${name}/records`, body: { file, ...more }, token });
const keyOf = ({ upload }: Presigned): string => bucketKeyOf(upload.slice("upload:".length));

test("a file that a client put into the bucket becomes the file of a record, with the type of its content", async () => {
  const begun = await presigned({ name: "Ten digits.txt", size: 10, type: "image/png" });
  expect(begun.headers).toEqual({ "Content-Length": "10", "Content-Type": "image/png" });
  expect((await put(begun, "0123456789")).status).toBe(200);
  const { id, file } = (await (await attach(begun.upload)).json()) as { id: string; file: string };
  expect(file).toMatch(/^ten_digits_\w{10}\.txt$/);
  expect(await bucket.open(`${collection("open").id}/${id}/${file}`)).toMatchObject({
    contentType: "text/plain; charset=utf-8",
    originalName: "Ten digits.txt",
  });
  expect(await (await play(url, { path: `/api/files/open/${id}/${file}` })).text()).toBe("0123456789");
  while (await bucket.open(keyOf(begun))) await Bun.sleep(10);
});

test("what did not arrive, or with another size or type, can't be named", async () => {
  const refused = async (begun: Presigned): Promise<string> => {
    const response = await attach(begun.upload);
    expect(response.status).toBe(400);
    return response.text();
  };
  const begun = await presigned({ name: "a.txt", size: 10 });
  expect(await refused(begun)).toContain("The upload has not arrived in the bucket.");
  await bucket.put(keyOf(begun), new Blob(["123"]), { contentType: "text/plain" });
  expect(await refused(begun)).toContain("The upload has 3 bytes instead of 10.");
  const pdf = await presigned({ name: "a.txt", size: 9, type: "text/plain" });
  await put(pdf, "%PDF-1.4\n");
  expect(await refused(pdf)).toContain("mime type must be one of: text/plain.");
});

test("the rule and the limits of the field decide before a URL is signed", async () => {
  const ann = await add("users", { email: "ann@example.com" });
  const token = await tokenOf("users", ann);
  const file = { name: "a.txt", size: 10 };
  expect(await (await ask(file, { name: "docs", token })).text()).toBe(errorText(400, "Failed to create record."));
  const begun = await presigned({ ...file, body: { owner: ann.id } }, { name: "docs", token });
  await put(begun, "0123456789");
  expect((await attach(begun.upload, "docs", "", { owner: ann.id })).status).toBe(400);
  expect((await attach(begun.upload, "docs", token, { owner: ann.id })).status).toBe(200);
  expect((await ask({ ...file, size: 50_000_001 })).status).toBe(413);
  for (const body of [{ name: "a.txt" }, { ...file, size: -1 }, { ...file, size: "10" }, { ...file, body: "x" }, []]) {
    expect((await ask(body)).status).toBe(400);
  }
});

test("an URL is good for one place, and for as long as the upload is kept", async () => {
  const begun = await presigned({ name: "a.txt", size: 3 });
  const query = new URL(begun.url).searchParams;
  expect(query.get("X-Amz-Expires")).toBe("86400");
  expect(query.get("X-Amz-SignedHeaders")).toBe("content-length;content-type;host");
  expect(Date.parse(begun.expires)).toBeGreaterThan(Date.now() + 86_000_000);
});

test("the sweep of orphans finds what no record names", async () => {
  const begun = await presigned({ name: "a.txt", size: 3 });
  await put(begun, "123");
  const { store, registry, files } = app.folder;
  const before = new Date(Date.now() + 60_000);
  const found = await Array.fromAsync(findOrphans({ reader: store, schema: registry.current, files, before }));
  expect(found.map(({ key }) => key)).toContain(keyOf(begun));
});

test("without S3, the error says what to do", async () => {
  await configure(false);
  expect(await (await ask({ name: "a.txt", size: 10 })).text()).toContain(
    "Turn on S3 storage in the settings, or send a resumable upload to /uploads.",
  );
  await configure(true);
});
