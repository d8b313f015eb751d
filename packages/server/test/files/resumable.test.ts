import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { play } from "../../src/testing/scenario.ts";
import { startTestApp } from "../../src/testing/test-app.ts";
import { type Begin, metadata, STREAM, TUS, tusRequests } from "./tus-requests.ts";

const { url, admin, add, define, tokenOf, dir } = await startTestApp({
  maxUnfinishedMbPerAccount: "1",
  maxUnfinishedMb: "4",
});
const FILES = [
  { type: "text", name: "owner" },
  { type: "file", name: "file", maxSelect: 3, maxSize: 2_000_000, mimeTypes: ["text/plain"], resumable: true },
  { type: "file", name: "plain" },
] as const;
await define({ name: "open", viewRule: "", createRule: "", updateRule: "", fields: FILES });
await define({ name: "closed", fields: FILES });
await define({ name: "none", createRule: "", fields: [{ type: "file", name: "file" }] });
const { begin, started, send, offsetOf, nameOf, attach, finished } = tusRequests(url);

test("a file that arrived in pieces becomes the file of a record", async () => {
  const path = await started();
  const first = await send(path, 0, "01234");
  expect([first.status, first.headers.get("upload-offset"), first.headers.get("tus-resumable")]).toEqual([
    204,
    "5",
    "1.0.0",
  ]);
  expect(await offsetOf(path)).toBe("5");
  expect((await send(path, 5, "56789")).headers.get("upload-offset")).toBe("10");
  const record = (await (await attach("open", { file: nameOf(path) })).json()) as { id: string; file: string[] };
  expect(record.file).toEqual([expect.stringMatching(/^ten_\w{10}\.txt$/)]);
  const file = await fetch(`${url}/api/files/open/${record.id}/${record.file[0]}`);
  expect(await file.text()).toBe("0123456789");
  while ((await offsetOf(path)) !== null) await Bun.sleep(10);
  const again = await attach("open", { file: nameOf(path) });
  expect(await again.text()).toContain(`"Invalid new files: [${nameOf(path)}]."`);
});

test("uploads are added to the files of a record, between others, in the order of their names", async () => {
  const record = (await (await attach("open", { file: await finished() })).json()) as { id: string; file: string[] };
  const [one, two] = [await finished({}, "one"), await finished({}, "two")];
  const path = `/api/collections/open/records/${record.id}`;
  const response = await play(url, { method: "PATCH", path, body: { file: [one, record.file[0], two] } });
  const { file } = (await response.json()) as { file: string[] };
  expect(file).toHaveLength(3);
  expect(file[1]).toBe(record.file[0]);
  const texts = await Promise.all(
    file.map(async (name) => (await fetch(`${url}/api/files/open/${record.id}/${name}`)).text()),
  );
  expect(texts).toEqual(["one", "0123456789", "two"]);
});

test("the bytes may come with the request that begins the upload", async () => {
  const response = await begin({ headers: STREAM, body: "0123456" });
  expect([response.status, response.headers.get("upload-offset")]).toEqual([201, "7"]);
  expect(Date.parse(response.headers.get("upload-expires")!)).toBeGreaterThan(Date.now() + 80_000_000);
});

test("what is announced is sent back", async () => {
  const path = await started({ size: 3 });
  const { headers } = await fetch(url + path, { method: "HEAD", headers: TUS });
  expect(headers.get("upload-length")).toBe("3");
  expect(headers.get("upload-metadata")).toBe(metadata({ filename: "ten.txt" }));
  expect(headers.get("cache-control")).toBe("no-store");
});

test("an upload is ended by its client", async () => {
  const path = await started();
  expect((await fetch(url + path, { method: "DELETE", headers: TUS })).status).toBe(204);
  expect((await fetch(url + path, { method: "HEAD", headers: TUS })).status).toBe(404);
});

test("clients that can't send PATCH or DELETE override the method", async () => {
  const path = await started();
  const override = (method: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(url + path, {
      method: "POST",
      headers: { ...TUS, "X-HTTP-Method-Override": method, ...headers },
      ...(method === "PATCH" && { body: "01234" }),
    });
  expect((await override("PATCH", { ...STREAM, "Upload-Offset": "0" })).headers.get("upload-offset")).toBe("5");
  expect((await override("DELETE")).status).toBe(204);
  expect((await override("PUT")).status).toBe(404);
});

describe("checksums", () => {
  const sum = (text: string, algorithm = "sha1"): Readonly<Record<string, string>> => ({
    "Upload-Checksum": `${algorithm} ${createHash(algorithm).update(text).digest("base64")}`,
  });

  test("bytes that match are kept, others forgotten", async () => {
    const path = await started();
    expect((await send(path, 0, "01234", sum("01234"))).status).toBe(204);
    expect((await send(path, 5, "56x89", sum("56789", "sha256"))).status).toBe(460);
    expect(await offsetOf(path)).toBe("5");
    expect((await send(path, 5, "56789", sum("56789", "md5"))).status).toBe(204);
  });

  test("an unknown algorithm is refused", async () => {
    const response = await send(await started(), 0, "01234", { "Upload-Checksum": "crc32 AAAA" });
    expect(await response.text()).toContain("Upload-Checksum must begin with one of: sha1, sha256, md5.");
  });
});

describe("what is refused", () => {
  test("another version of tus", async () => {
    const response = await begin({ headers: { "Tus-Resumable": "0.2.2" } });
    expect([response.status, response.headers.get("tus-version")]).toEqual([412, "1.0.0"]);
  });

  test("bytes at another place", async () => {
    const path = await started();
    expect((await send(path, 3, "x")).status).toBe(409);
    expect((await send(path, Number.NaN, "x")).status).toBe(400);
    expect((await send(path, 0, "x", { "Content-Type": "text/plain" })).status).toBe(415);
  });

  test("more bytes than were announced", async () => {
    const path = await started();
    expect((await send(path, 0, "01234567890")).status).toBe(413);
    const stream = new Blob(["01234567890"]).stream();
    expect((await send(path, 0, stream)).status).toBe(413);
  });

  test.each([
    [
      "a file that is larger than its field allows",
      { size: 2_000_001, values: { field: "file" } },
      413,
      "2000000 bytes",
    ],
    ["a field that takes none", { values: { field: "plain" } }, 400, "Must be one of the resumable file fields: file."],
    ["a collection without such a field", { collection: "none" }, 400, 'Set its option \\"resumable\\"'],
    ["no length", { headers: { "Upload-Length": "" } }, 400, "Upload-Length must be a number"],
    ["odd metadata", { headers: { "Upload-Metadata": "filename &" } }, 400, "Upload-Metadata is malformed"],
    ["a body that is no object", { values: { body: "[]" } }, 400, "must be a JSON object"],
    ["an unknown collection", { collection: "nope" }, 404, "Missing or invalid collection context."],
  ])("%s", async (_, options: Begin, status, text) => {
    const response = await begin(options);
    expect([response.status, await response.text()]).toEqual([status, expect.stringContaining(text)]);
    expect(response.headers.get("tus-resumable")).toBe("1.0.0");
  });

  test("too many bytes for one account, or for all", async () => {
    const token = await tokenOf("users", await add("users", { email: "cat@example.com" }));
    const path = await started({ size: 1_000_000, token });
    const more = await begin({ size: 1_000_000, token });
    expect([more.status, await more.text()]).toEqual([429, expect.stringContaining("--max-unfinished-mb-per-account")]);
    const rest: string[] = [];
    let last = await begin({ size: 400_000, token: admin });
    for (; last.status === 201; last = await begin({ size: 400_000 })) rest.push(last.headers.get("location")!);
    expect([last.status, await last.text()]).toEqual([503, expect.stringContaining("--max-unfinished-mb)")]);
    for (const each of [...rest, path]) {
      await fetch(url + each, { method: "DELETE", headers: { ...TUS, Authorization: admin } });
    }
    await fetch(url + (await started({ size: 1_000_000, token })), {
      method: "DELETE",
      headers: { ...TUS, Authorization: token },
    });
  });
});

test("a request that goes on ends the one before it, whose bytes stay", async () => {
  const text = "0123456789".repeat(60_000);
  const path = await started({ size: text.length });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const stuck = send(path, 0, readable);
  await writer.write(new TextEncoder().encode(text.slice(0, 500_000)));
  while (Bun.file(join(dir, ".headwater.pending", path.split("/").at(-1)!)).size === 0) await Bun.sleep(5);
  const offset = Number(await offsetOf(path));
  expect(offset).toBeGreaterThan(0);
  expect((await stuck).status).toBe(409);
  expect((await send(path, offset, text.slice(offset))).status).toBe(204);
  const record = (await (await attach("open", { file: nameOf(path) })).json()) as { id: string; file: string[] };
  const file = await fetch(`${url}/api/files/open/${record.id}/${record.file[0]}`);
  expect((await file.text()) === text).toBe(true);
  await writer.abort().catch(() => {});
});

test("a discovery names what is supported", async () => {
  const response = await fetch(`${url}/api/collections/open/uploads`, { method: "OPTIONS" });
  expect([response.status, response.headers.get("tus-version")]).toEqual([204, "1.0.0"]);
  expect(response.headers.get("tus-extension")).toBe("creation,creation-with-upload,termination,expiration,checksum");
  const preflight = await fetch(`${url}/api/collections/open/uploads`, {
    method: "OPTIONS",
    headers: { Origin: "https://a.example", "Access-Control-Request-Method": "PATCH" },
  });
  expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH");
});

test("a field that is not resumable takes the name of an upload for a file name, as before", async () => {
  const response = await attach("none", { file: "upload:x" });
  expect(await response.text()).toContain("Invalid new files: [upload:x].");
  const shown = await play(url, { path: "/api/collections/none", token: admin });
  expect(await shown.text()).not.toContain("resumable");
});

test("nothing is left of uploads that records name", async () => {
  const name = await finished();
  await attach("open", { file: name });
  const id = name.slice("upload:".length);
  while ((await readdir(join(dir, ".headwater.pending"))).some((file) => file.startsWith(id))) await Bun.sleep(10);
});
