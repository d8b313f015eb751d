import { afterAll, expect, test } from "bun:test";
import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { baseUrl, S3Connection } from "./s3-connection.ts";
import { escapeKey, isObjectKey, unescapeKey } from "./s3-keys.ts";

const KEYS = { bucket: "files", region: "eu-1", accessKey: "AK", secret: "SK", forcePathStyle: true } as const;

/** Answers with whether the signature is right, by the text of the standard, and with the key. */
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => Response.json({ signed: isSigned(request), key: keyOf(request) }),
});
afterAll(() => server.stop(true));
const s3 = new S3Connection({ ...KEYS, endpoint: server.url.href }, 10_000);

const keyOf = ({ url }: Request): string =>
  unescapeKey(decodeURIComponent(new URL(url).pathname.slice("/files/".length)));

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

function isSigned(request: Request): boolean {
  const { pathname, searchParams } = new URL(request.url);
  const inQuery = searchParams.get("X-Amz-Signature");
  const header = request.headers.get("authorization") ?? "";
  const [, credential = "", names = "", signature = ""] =
    inQuery === null
      ? (/Credential=(.*?), SignedHeaders=(.*?), Signature=(\w+)$/.exec(header) ?? [])
      : ["", searchParams.get("X-Amz-Credential") ?? "", searchParams.get("X-Amz-SignedHeaders") ?? "", inQuery];
  const [accessKey, ...scope] = credential.split("/");
  const [day = "", region = "", service = "", end = ""] = scope;
  const time = searchParams.get("X-Amz-Date") ?? request.headers.get("x-amz-date") ?? "";
  const encode = (text: string): string =>
    encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted();
  const headers = names.split(";").map((name) => `${name}:${request.headers.get(name) ?? ""}\n`);
  const parts = [request.method, pathname, query.join("&"), headers.join(""), names, "UNSIGNED-PAYLOAD"];
  const hash = createHash("sha256").update(parts.join("\n")).digest("hex");
  const key = hmac(hmac(hmac(hmac("AWS4SK", day), region), service), end);
  const right = hmac(key, ["AWS4-HMAC-SHA256", time, scope.join("/"), hash].join("\n")).toString("hex");
  return accessKey === "AK" && region === "eu-1" && time.startsWith(day) && right === signature;
}

test("any key arrives as it is, in a request that is signed", async () => {
  const name = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" });
  const odd = fc.constantFrom(
    "..",
    "a b",
    "a+b",
    "%41",
    "ü’",
    "?&=#",
    "tab\t",
    "..x",
    "a/../b",
    "(1)*!'~",
    "a=b;c:d@e$,",
  );
  const key = fc.array(fc.oneof(name, odd), { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  await fc.assert(
    fc.asyncProperty(key, fc.string({ unit: "grapheme", maxLength: 8 }), async (text, value) => {
      fc.pre(isObjectKey(text) && text.isWellFormed() && value.isWellFormed());
      const query = { uploads: "", prefix: value };
      const headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "x-amz-meta-original-filename": encodeURIComponent(text),
      };
      const answer: unknown = JSON.parse(await s3.text({ method: "PUT", key: text, query, headers, body: "x" }));
      expect(answer).toEqual({ signed: true, key: text });
    }),
    { numRuns: 150 },
  );
});

test("a presigned URL is signed for its headers too", async () => {
  const headers = { "Content-Length": "5", "Content-Type": "text/plain" };
  const url = await s3.presign({ method: "PUT", key: "a b/c+d", headers }, 60);
  const put = async (body: string, type: string): Promise<unknown> =>
    (await fetch(url, { method: "PUT", headers: { "Content-Type": type }, body })).json();
  expect(await put("hello", "text/plain")).toEqual({ signed: true, key: "a b/c+d" });
  expect(await put("hello!", "text/plain")).toMatchObject({ signed: false });
  expect(await put("hello", "text/html")).toMatchObject({ signed: false });
});

test("keys are escaped as in PocketBase", () => {
  expect(escapeKey("c/r/a\u0001b")).toBe("c/r/a__0x1__b");
  expect(escapeKey("c/../r")).toBe("c/..__0x2f__r");
  expect(unescapeKey(escapeKey("c/../r\t"))).toBe("c/../r\t");
});

test.each([
  ["s3.example.com", true, "https://s3.example.com/files/"],
  ["https://s3.example.com/", true, "https://s3.example.com/files/"],
  ["http://127.0.0.1:9000//", true, "http://127.0.0.1:9000/files/"],
  ["s3.example.com", false, "https://files.s3.example.com/"],
  ["http://s3.example.com:9000", false, "http://files.s3.example.com:9000/"],
])("an endpoint %s, with the bucket in the path: %p", (endpoint, forcePathStyle, url) => {
  expect(baseUrl({ ...KEYS, endpoint, forcePathStyle })).toBe(url);
});
