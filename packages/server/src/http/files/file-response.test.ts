import { describe, expect, test } from "bun:test";
import { play } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, define } = await startTestApp();
await define({ name: "docs", fields: [{ type: "file", name: "files", maxSelect: 9, maxSize: 50_000_000 }] });

const LARGE = Uint8Array.from({ length: 5 << 20 }, (_, i) => (i * 7919) >> 8);
const form = new FormData();
form.append("files", new File(["0123456789"], "ten.txt"));
form.append("files", new File([], "none.txt"));
form.append("files", new File([LARGE], "large.bin"));
const created = await play(url, { method: "POST", path: "/api/collections/docs/records", token: admin, body: form });
const { id, files } = (await created.json()) as { id: string; files: [string, string, string] };
const [ten, none, large] = files.map((name) => `/api/files/docs/${id}/${name}`) as [string, string, string];

const send = (path: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Response> =>
  play(url, { method, path, headers });
const head = await send(ten);
const modified = head.headers.get("last-modified")!;
const OLD = "Thu, 01 Jan 1970 00:00:00 GMT";

/** What a stock PocketBase 0.40.6 answered: status, and the body. */
describe("conditions as PocketBase takes them", () => {
  test.each<[Readonly<Record<string, string>>, number]>([
    [{ "If-Modified-Since": modified }, 304],
    [{ "If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT" }, 304],
    [{ "If-Modified-Since": OLD }, 200],
    [{ "If-Modified-Since": "x" }, 200],
    [{ "If-None-Match": "*" }, 304],
    [{ "If-None-Match": '"x", *' }, 304],
    [{ "If-None-Match": 'W/"x"' }, 200],
    [{ "If-None-Match": "x, *" }, 200],
    [{ "If-None-Match": '"x"', "If-Modified-Since": modified }, 200],
    [{ "If-Match": "*" }, 200],
    [{ "If-Match": '"x", *' }, 200],
    [{ "If-Match": "" }, 200],
    [{ "If-Match": '"x"' }, 412],
    [{ "If-Match": "*", "If-Unmodified-Since": OLD }, 200],
    [{ "If-Unmodified-Since": modified }, 200],
    [{ "If-Unmodified-Since": OLD }, 412],
    [{ "If-Unmodified-Since": "x" }, 200],
    [{ Range: "bytes=0-1", "If-Range": modified }, 206],
    [{ Range: "bytes=0-1", "If-Range": OLD }, 200],
    [{ Range: "bytes=0-1", "If-Range": '"x"' }, 200],
    [{ Range: "bytes=0-1", "If-Range": "" }, 206],
    [{ Range: "bytes=20-", "If-Modified-Since": modified }, 304],
  ])("%p: %p", async (headers, status) => {
    for (const method of ["GET", "HEAD"]) {
      const response = await send(ten, headers, method);
      expect(response.status).toBe(status);
      expect(response.headers.get("content-type")).toBe(status === 304 ? null : "text/plain; charset=utf-8");
      const body = { 200: "0123456789", 206: "01" }[status] ?? "";
      expect(await response.text()).toBe(method === "HEAD" ? "" : body);
    }
  });
});

/** @returns the status, the bytes or the error, and the `Content-Range` */
async function part(path: string, range: string): Promise<[number, string, string | null]> {
  const response = await send(path, { Range: range });
  return [response.status, await response.text(), response.headers.get("content-range")];
}

describe("one range", () => {
  test.each<[string, number, string, string | null]>([
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=-0", 206, "", "bytes 10-9/10"],
    ["bytes=0-1,20-30", 206, "01", "bytes 0-1/10"],
    ["bytes=0-9,0-9", 200, "0123456789", null],
    ["bytes=10-", 416, "invalid range: failed to overlap\n", "bytes */10"],
    ["bytes=a-b", 416, "invalid range\n", null],
  ])("%p: %p", async (range, status, body, contentRange) => {
    expect(await part(ten, range)).toEqual([status, body, contentRange]);
  });

  test("of an empty file is the empty file", async () => {
    expect(await part(none, "bytes=0-3")).toEqual([200, "", null]);
  });
});

/** The parts of a multipart body: their `Content-Range`, and the bytes. */
function partsOf(contentType: string, body: Buffer): [string, Buffer][] {
  const boundary = /^multipart\/byteranges; boundary=([a-z0-9]{60})$/.exec(contentType)![1]!;
  const text = body.toString("latin1");
  expect(text.endsWith(`\r\n--${boundary}--\r\n`)).toBe(true);
  const sections = text
    .slice(0, text.lastIndexOf(`\r\n--${boundary}--`))
    .split(`--${boundary}\r\n`)
    .slice(1);
  return sections.map((section, i) => {
    const at = section.indexOf("\r\n\r\n");
    const content = section.slice(at + 4, i < sections.length - 1 ? -2 : undefined);
    return [/^Content-Range: (.*)\r\nContent-Type: /.exec(section)![1]!, Buffer.from(content, "latin1")];
  });
}

describe("several ranges", () => {
  test("come as parts of one body, whose length is known", async () => {
    const response = await send(ten, { Range: "bytes=0-1, 3-4, -1" });
    const body = Buffer.from(await response.arrayBuffer());
    expect(response.status).toBe(206);
    expect(response.headers.get("content-length")).toBe(String(body.byteLength));
    expect(response.headers.get("content-range")).toBeNull();
    const parts = partsOf(response.headers.get("content-type")!, body).map(([range, bytes]) => [
      range,
      bytes.toString(),
    ]);
    expect(parts).toEqual([
      ["bytes 0-1/10", "01"],
      ["bytes 3-4/10", "34"],
      ["bytes 9-9/10", "9"],
    ]);
    const { status, headers } = await send(ten, { Range: "bytes=0-1, 3-4, -1" }, "HEAD");
    expect([status, headers.get("content-length")]).toEqual([206, String(body.byteLength)]);
  });

  test("of a large file are read while they are sent", async () => {
    const response = await send(large, { Range: "bytes=1-2000000,2000005-4000000" });
    const parts = partsOf(response.headers.get("content-type")!, Buffer.from(await response.arrayBuffer()));
    expect(parts.map(([range]) => range)).toEqual(["bytes 1-2000000/5242880", "bytes 2000005-4000000/5242880"]);
    expect(parts[0]![1].equals(LARGE.subarray(1, 2_000_001))).toBe(true);
    expect(parts[1]![1].equals(LARGE.subarray(2_000_005, 4_000_001))).toBe(true);
  });
});
