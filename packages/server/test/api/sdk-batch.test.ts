import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type PocketBase from "pocketbase";
import { ClientResponseError } from "pocketbase";
import { sdk, superuserSdk } from "@headwater/testing/clients/sdk.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";

setDefaultTimeout(60_000);

const ID = "aaaaaaaaaaaaaa1";
let server: ServerProcess;
let superuser: PocketBase;

beforeAll(async () => {
  server = await startServer();
  superuser = await superuserSdk(server.url);
  const files = { name: "files", type: "file", maxSelect: 3 };
  await superuser.collections.create({ ...PUBLIC_NOTES, fields: [...PUBLIC_NOTES.fields, files] });
});

afterAll(() => server[Symbol.asyncDispose]());

test("batches are off until a superuser allows them", async () => {
  const batch = sdk(server.url).createBatch();
  batch.collection("notes").create({ title: "x" });
  expect(await batch.send().catch((error: unknown) => error)).toMatchObject({ status: 403 });
  const settings = await superuser.settings.getAll();
  expect(settings["batch"]).toEqual({ enabled: false, maxRequests: 50, timeout: 3, maxBodySize: 0 });
  expect(await superuser.settings.update({ batch: { enabled: true } })).toMatchObject({ batch: { enabled: true } });
});

test("a batch of the SDK creates, updates, upserts and deletes, with files, and its events arrive in order", async () => {
  const pb = sdk(server.url);
  const events: string[] = [];
  const all = Promise.withResolvers<void>();
  await pb.collection("notes").subscribe("*", ({ action, record }) => {
    if (events.push(`${action} ${String(record["title"])}`) === 4) all.resolve();
  });
  const batch = pb.createBatch();
  batch
    .collection("notes")
    .create({ id: ID, title: "a", files: [new File(["1"], "one.txt")] }, { fields: "title,files" });
  batch.collection("notes").update(ID, { "count+": 2, "files+": new File(["2"], "two.txt") });
  batch.collection("notes").upsert({ id: ID, title: "b" }, { fields: "title,count" });
  batch.collection("notes").delete(ID);
  const results = await batch.send();
  expect(results.map(({ status }) => status)).toEqual([200, 200, 200, 204]);
  expect(results[0]!.body).toEqual({ title: "a", files: [expect.stringMatching(/^one_/)] });
  expect(results[1]!.body).toMatchObject({ count: 2, files: [expect.any(String), expect.stringMatching(/^two_/)] });
  expect(results[2]!.body).toEqual({ title: "b", count: 2 });
  await all.promise;
  await pb.collection("notes").unsubscribe();
  expect(events).toEqual(["create a", "update a", "update b", "delete b"]);
});

test("the error of a batch says which request failed", async () => {
  const batch = sdk(server.url).createBatch();
  batch.collection("notes").create({ title: "a" });
  batch.collection("notes").update("missing", {});
  const error: unknown = await batch.send().catch((reason: unknown) => reason);
  if (!(error instanceof ClientResponseError)) throw new Error("the batch was done");
  expect(error.status).toBe(400);
  expect(error.response["data"]).toMatchObject({
    requests: { 1: { code: "batch_request_failed", response: { status: 404 } } },
  });
  expect((await sdk(server.url).collection("notes").getList()).totalItems).toBe(0);
});
