import { expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { play } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, dir, admin, define } = await startTestApp();
await define({
  name: "docs",
  createRule: "",
  updateRule: "",
  fields: [
    { name: "title", type: "text", required: true },
    { name: "doc", type: "file", maxSelect: 2, maxSize: 1_000 },
  ],
});
await define({ name: "locked", createRule: "@request.auth.id != ''", fields: [{ name: "doc", type: "file" }] });
const batch = { enabled: true, maxRequests: 10 };
await play(url, { method: "PATCH", path: "/api/settings", token: admin, body: { batch } });

const DOCS = "/api/collections/docs/records";
const file = (name: string, content = "hello") => new File([content], name, { type: "text/plain" });

const stored = (): readonly string[] => [...new Glob("**/*.txt").scanSync(join(dir, "storage"))];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly docs: readonly (readonly string[])[];
}

async function send(requests: readonly object[], files: readonly (readonly [string, File])[]): Promise<Answer> {
  const body = new FormData();
  body.append("@jsonPayload", JSON.stringify({ requests }));
  for (const [name, part] of files) body.append(name, part);
  const response = await play(url, { method: "POST", path: "/api/batch", body });
  const text = await response.text();
  const results = response.ok ? (JSON.parse(text) as { body: { doc: string[] } }[]) : [];
  const docs = results.map((result) => result.body.doc.map((name) => name.replace(/_.*/, "")));
  return { status: response.status, text, docs };
}

const create = (title: string, path = DOCS) => ({ method: "POST", url: path, body: { title } });

test("files belong to the requests that their parts name, and are stored", async () => {
  const id = "aaaaaaaaaaaaaa1";
  const requests = [
    { method: "POST", url: DOCS, body: { id, title: "1" } },
    create("2"),
    { method: "PATCH", url: `${DOCS}/${id}` },
  ];
  const answer = await send(requests, [
    ["requests.0.doc", file("first.txt")],
    ["requests[1].doc", file("second.txt")],
    ["requests.1.doc", file("third.txt")],
    ["requests.2.doc+", file("fourth.txt")],
    ["requests.7.doc", file("nobody.txt")],
    ["requests.0.nothing", file("nothing.txt")],
  ]);
  expect(answer.docs).toEqual([["first"], ["second", "third"], ["first", "fourth"]]);
  expect(stored()).toHaveLength(4);
});

test("files are removed if a later request fails", async () => {
  const before = stored();
  const answer = await send([create("3"), create("")], [["requests.0.doc", file("removed.txt")]]);
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('"requests":{"1":');
  expect(stored()).toEqual(before);
});

test("files are removed if a form of another shape follows them", async () => {
  const before = stored();
  expect((await send([create("4"), { method: "GET", url: DOCS }], [["requests.0.doc", file("x.txt")]])).status).toBe(
    400,
  );
  expect(stored()).toEqual(before);
});

test("files are validated", async () => {
  const answer = await send([create("5"), create("6")], [["requests.1.doc", file("large.txt", "x".repeat(2_000))]]);
  expect(answer.text).toContain('"1":{"code":"batch_request_failed"');
  expect(answer.text).toContain("validation_file_size_limit");
});

test("files of a request that the rules refuse are not stored", async () => {
  const before = stored();
  const locked = "/api/collections/locked/records";
  const answer = await send([create("7"), create("", locked)], [["requests.1.doc", file("refused.txt")]]);
  expect(answer.text).toContain('"1":{"code":"batch_request_failed"');
  expect(stored()).toEqual(before);
});
