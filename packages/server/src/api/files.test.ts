import { describe, expect, test } from "bun:test";
import { readClaims } from "../auth/token-claims.ts";
import { play, type Scenario, testScenarios } from "../testing/scenario.ts";
import { startTestApp } from "../testing/test-app.ts";

const { url, admin, add, define, tokenOf, collection } = await startTestApp();
await define({
  name: "docs",
  listRule: "",
  viewRule: "owner = @request.auth.id",
  fields: [
    { type: "text", name: "owner" },
    { type: "file", name: "open", maxSelect: 3, thumbs: ["30x0"] },
    { type: "file", name: "closed", protected: true },
  ],
});
await define({ name: "shown", type: "view", viewRule: "", viewQuery: "select id, open, closed from docs" });

const ann = await add("users", { email: "ann@example.com" });
const bob = await add("users", { email: "bob@example.com" });
const CONTENT = "0123456789";

interface Doc {
  readonly id: string;
  readonly open: readonly string[];
  readonly closed: string;
}

async function upload(): Promise<Doc> {
  const form = new FormData();
  form.append("owner", ann.id);
  form.append("open", new File([CONTENT], "ten.txt"));
  form.append("open", new File(["<svg xmlns='http://www.w3.org/2000/svg'></svg>"], "sign.svg"));
  form.append("open", new File([PNG], "dot.png"));
  form.append("closed", new File(["secret"], "secret.txt"));
  const response = await play(url, { method: "POST", path: "/api/collections/docs/records", token: admin, body: form });
  return (await response.json()) as Doc;
}

/** One transparent pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

const doc = await upload();
const [ten = "", sign = "", dot = ""] = doc.open;
const path = (name: string, of = "docs"): string => `/api/files/${of}/${doc.id}/${name}`;

const fileToken = async (token: string): Promise<string> => {
  const response = await play(url, { method: "POST", path: "/api/files/token", token });
  return ((await response.json()) as { token: string }).token;
};
const annToken = await tokenOf("users", ann);

test("a file token is its owner's, and only valid for files", async () => {
  const token = await fileToken(annToken);
  expect(readClaims(token)).toMatchObject({ id: ann.id, collectionId: collection("users").id, type: "file" });
  expect((await play(url, { path: "/api/collections/users/auth-refresh", method: "POST", token })).status).toBe(401);
});

test("a file has a modification date, and is sent again only if it changed", async () => {
  const { headers } = await play(url, { path: path(ten) });
  const modified = headers.get("last-modified")!;
  const again = (name: string, value: string): Promise<Response> =>
    play(url, { path: path(ten), headers: { [name]: value } });
  expect((await again("If-Modified-Since", modified)).status).toBe(304);
  expect((await again("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")).status).toBe(200);
  expect((await again("If-None-Match", "*")).status).toBe(304);
  expect((await again("If-None-Match", '"x"')).status).toBe(200);
  expect((await again("If-Unmodified-Since", modified)).status).toBe(200);
  expect((await again("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")).status).toBe(412);
  expect((await again("If-Match", '"x"')).status).toBe(412);
});

test("a range of an older file is not mixed into the new one", async () => {
  const { headers } = await play(url, { path: path(ten) });
  const part = (ifRange: string): Promise<Response> =>
    play(url, { path: path(ten), headers: { Range: "bytes=0-1", "If-Range": ifRange } });
  expect((await part(headers.get("last-modified")!)).status).toBe(206);
  expect((await part("Thu, 01 Jan 1970 00:00:00 GMT")).status).toBe(200);
});

const inFrames = { "x-frame-options": null };
testScenarios(url, [
  { name: "only signed-in users get a file token", method: "POST", path: "/api/files/token", status: 401 },
  {
    name: "a text file is a download with its content type",
    path: path(ten),
    status: 200,
    contains: [CONTENT],
    responseHeaders: {
      ...inFrames,
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `attachment; filename="${ten}"`,
      "content-length": "10",
      "cache-control": "max-age=2592000, stale-while-revalidate=86400",
      "content-security-policy": "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
    },
  },
  {
    name: "an image is displayed inline",
    path: path(dot),
    status: 200,
    responseHeaders: { "content-type": "image/png", "content-disposition": `inline; filename="${dot}"` },
  },
  {
    name: "an image is a download on request",
    path: `${path(dot)}?download=1`,
    status: 200,
    responseHeaders: { "content-disposition": `attachment; filename="${dot}"` },
  },
  ...["100x100", "30x0"].map((size): Scenario => ({
    name: `an image has a thumbnail of ${size}`,
    path: `${path(dot)}?thumb=${size}`,
    status: 200,
    responseHeaders: {
      ...inFrames,
      "content-type": "image/png",
      "content-disposition": `inline; filename="${size}_${dot}"`,
    },
  })),
  ...["30x30", "0x0", "x"].map((size): Scenario => ({
    name: `an image is served instead of a thumbnail of ${size}, which its field does not list`,
    path: `${path(dot)}?thumb=${size}`,
    status: 200,
    responseHeaders: { "content-disposition": `inline; filename="${dot}"` },
  })),
  {
    name: "a text has no thumbnail",
    path: `${path(ten)}?thumb=100x100`,
    status: 200,
    contains: [CONTENT],
  },
  {
    name: "an SVG, which can run code, is a download",
    path: path(sign),
    status: 200,
    responseHeaders: { "content-type": "image/svg+xml", "content-disposition": `attachment; filename="${sign}"` },
  },
  {
    name: "HEAD returns the length",
    method: "HEAD",
    path: path(ten),
    status: 200,
    responseHeaders: { "content-length": "10" },
  },
  {
    name: "a range returns part of the file",
    path: path(ten),
    headers: { Range: "bytes=2-4" },
    status: 206,
    contains: ["234"],
    excludes: ["1", "5"],
    responseHeaders: { "content-range": "bytes 2-4/10", "content-length": "3" },
  },
  {
    name: "a range beyond the end is refused",
    path: path(ten),
    headers: { Range: "bytes=10-" },
    status: 416,
    responseHeaders: { "content-range": "bytes */10", "cache-control": null },
  },
  ...[path("nope.txt"), path("..%2Ften.txt"), `/api/files/docs/nope/${ten}`, `/api/files/users/${ann.id}/${ten}`].map(
    (missing): Scenario => ({ name: `not found: ${missing.replace(doc.id, "ID")}`, path: missing, status: 404 }),
  ),
  {
    name: "a file of an unknown collection is not found",
    path: `/api/files/nope/x/y`,
    status: 404,
    contains: ["Missing or invalid collection context."],
  },
]);

const tokens = {
  ann: await fileToken(annToken),
  bob: await fileToken(await tokenOf("users", bob)),
  admin: await fileToken(admin),
};

describe("a protected file", () => {
  const closed = (name: string, query: string, status: number, more: Partial<Scenario> = {}): Scenario => ({
    name,
    path: `${path(doc.closed)}${query}`,
    status,
    ...more,
  });
  testScenarios(url, [
    closed("is hidden from guests", "", 404, { responseHeaders: { "x-frame-options": "SAMEORIGIN" } }),
    closed("is hidden from requests without a file token", "", 404, { token: annToken }),
    closed("is hidden from tokens of another type", `?token=${annToken}`, 404),
    closed("is hidden from users whom the view rule excludes", `?token=${tokens.bob}`, 404),
    closed("is served to users whom the view rule allows", `?token=${tokens.ann}`, 200, { contains: ["secret"] }),
    closed("is served to superusers", `?token=${tokens.admin}`, 200),
  ]);
});

describe("a view", () => {
  testScenarios(url, [
    { name: "serves the files of the records it shows", path: path(ten, "shown"), status: 200, contains: [CONTENT] },
    { name: "applies its own view rule", path: path(doc.closed, "shown"), status: 200, contains: ["secret"] },
    { name: "serves no other files", path: path("nope.txt", "shown"), status: 404 },
  ]);
});
