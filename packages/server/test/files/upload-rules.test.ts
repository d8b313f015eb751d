import { describe, expect, test } from "bun:test";
import { errorText, play } from "../../src/testing/scenario.ts";
import { startTestApp } from "../../src/testing/test-app.ts";
import { tusRequests } from "./tus-requests.ts";

const { url, admin, add, define, tokenOf } = await startTestApp();
const FILES = [
  { type: "text", name: "owner" },
  { type: "file", name: "file", maxSelect: 3, maxSize: 2_000_000, mimeTypes: ["text/plain"], resumable: true },
  { type: "file", name: "plain" },
] as const;
const OWN = "owner = @request.auth.id";
await define({ name: "docs", viewRule: "", createRule: OWN, updateRule: OWN, fields: FILES });
await define({ name: "open", viewRule: "", createRule: "", updateRule: "", fields: FILES });
await define({ name: "closed", fields: FILES });
const ann = await add("users", { email: "ann@example.com" });
const bob = await add("users", { email: "bob@example.com" });
const [annToken, bobToken] = [await tokenOf("users", ann), await tokenOf("users", bob)];
const { begin, started, send, offsetOf, nameOf, attach, finished } = tusRequests(url);

describe("rules", () => {
  test("only superusers may upload where only they may create", async () => {
    const response = await begin({ collection: "closed" });
    expect(response.status).toBe(403);
    expect((await begin({ collection: "closed", token: admin })).status).toBe(201);
  });

  test("the create rule decides before bytes arrive, on what the record will hold", async () => {
    const refused = await begin({ collection: "docs", token: annToken });
    expect(await refused.text()).toBe(errorText(400, "Failed to create record."));
    const other = await begin({ collection: "docs", token: annToken, values: { body: { owner: bob.id } } });
    expect(other.status).toBe(400);
    expect((await begin({ collection: "docs", token: annToken, values: { body: { owner: ann.id } } })).status).toBe(
      201,
    );
  });

  test("the update rule decides on a file for a record", async () => {
    const { id } = await add("docs", { owner: ann.id });
    expect((await begin({ collection: "docs", token: bobToken, values: { record: id } })).status).toBe(404);
    expect((await begin({ collection: "docs", token: annToken, values: { record: id } })).status).toBe(201);
  });

  test("an upload is its account's", async () => {
    const values = { body: { owner: ann.id } };
    const path = await started({ collection: "docs", token: annToken, values });
    expect(await offsetOf(path, annToken)).toBe("0");
    expect(await offsetOf(path, bobToken)).toBeNull();
    expect(await offsetOf(path)).toBeNull();
    expect((await send(path, 0, "0123456789", { Authorization: bobToken })).status).toBe(404);
    expect((await send(path, 0, "0123456789", { Authorization: annToken })).status).toBe(204);
    const body = { owner: bob.id, file: nameOf(path) };
    expect((await attach("docs", body, bobToken)).status).toBe(400);
    expect((await attach("docs", { ...body, owner: ann.id }, annToken)).status).toBe(200);
  });

  test("what the rule refuses leaves the upload for another try", async () => {
    const name = await finished({ collection: "docs", token: annToken, values: { body: { owner: ann.id } } });
    expect((await attach("docs", { owner: bob.id, file: name }, annToken)).status).toBe(400);
    expect((await attach("docs", { owner: ann.id, file: name }, annToken)).status).toBe(200);
  });
});

describe("what a record names", () => {
  test("must have arrived", async () => {
    const path = await started();
    await send(path, 0, "012");
    expect(await (await attach("open", { file: nameOf(path) })).text()).toBe(
      errorText(400, "Failed to create record.", {
        file: { code: "validation_unfinished_upload", message: "The upload has 3 of its 10 bytes." },
      }),
    );
  });

  test("must be of a type that the field takes, by its content", async () => {
    const response = await attach("open", { file: await finished({}, "%PDF-1.4 and more") });
    expect(await response.text()).toContain("mime type must be one of: text/plain.");
  });

  test("must be of the same field and collection", async () => {
    const name = await finished();
    for (const response of [await attach("open", { plain: name }), await attach("docs", { file: name }, admin)]) {
      expect(await response.text()).toContain("validation_invalid_file");
    }
  });

  test("goes to one record only", async () => {
    const name = await finished();
    const responses = await Promise.all(Array.from({ length: 5 }, () => attach("open", { file: name })));
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400, 400, 400, 400]);
  });

  test("may be in a batch", async () => {
    await play(url, { method: "PATCH", path: "/api/settings", token: admin, body: { batch: { enabled: true } } });
    const requests = [await finished({}, "one"), await finished({}, "two")].map((file) => ({
      method: "POST",
      url: "/api/collections/open/records",
      body: { file },
    }));
    const response = await play(url, { method: "POST", path: "/api/batch", body: { requests } });
    expect(response.status).toBe(200);
    expect(((await response.json()) as { body: { file: string[] } }[]).map(({ body }) => body.file.length)).toEqual([
      1, 1,
    ]);
  });
});
