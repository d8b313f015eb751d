import { afterAll, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { startS3 } from "@headwater/testing/servers/s3-server.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { S3Connection } from "../../src/files/s3/s3-connection.ts";
import { S3Files } from "../../src/files/s3/s3-files.ts";

const s3 = await startS3();
afterAll(async () => s3[Symbol.asyncDispose]());
const bucket = new S3Files(new S3Connection(s3.settings, 20_000), testDir());
const dir = join(testDir(), "pb_data");

test("a start removes from S3 what a killed server left there, or starts without it if S3 is away", async () => {
  const server = await startServer({ dir });
  const admin = await SuperuserClient.signIn(server.url);
  const { id } = await admin.createCollection({ name: "docs", fields: [{ type: "file", name: "file" }] });
  await admin.request("PATCH", "/api/settings", { body: { s3: s3.settings } });
  const form = new FormData();
  form.append("file", new File(["kept"], "kept.txt"));
  const record = await admin.create("docs", form);
  await server.stop("SIGKILL");

  const kept = `${id}/${record.id}/${String(record["file"])}`;
  const left = `${id}/${record.id}/left.txt`;
  await bucket.put(left, new Blob(["left"]), { contentType: "text/plain" });
  const notes = join(dir, ".headwater.uploads");
  await mkdir(notes, { recursive: true });
  await Bun.write(join(notes, "note"), JSON.stringify([kept, left]));

  await s3.stop();
  const without = await startServer({ dir });
  await without.untilLogged("what was left in the S3 store can't be removed now");
  await without.stop("SIGKILL");
  await s3.start();
  await (await startServer({ dir })).stop("SIGKILL");
  expect(await bucket.open(left)).toBeUndefined();
  expect(await bucket.open(kept)).toMatchObject({ size: 4 });
});
