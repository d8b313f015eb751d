import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { request } from "@headwater/testing/clients/request.ts";
import { runCommand } from "@headwater/testing/servers/server-command.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(60_000);

const DAY_MS = 86_400_000;

test("a sweep beside a running server removes only what is old and named by no record", async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  const fields = [{ name: "file", type: "file" }];
  await superuser.createCollection({ name: "docs", type: "base", createRule: "", viewRule: "", fields });
  const body = new FormData();
  body.append("file", new File(["kept"], "kept.txt"));
  const docs = "/api/collections/docs/records";
  const { id, file } = (await request<{ id: string; file: string }>(server.url, "POST", docs, { body })).body;
  const storage = join(server.dir, "storage");
  const [collection = ""] = readdirSync(storage);
  const age = (path: string): string => {
    utimesSync(path, new Date(Date.now() - DAY_MS), new Date(Date.now() - DAY_MS));
    return path;
  };
  const put = (key: string): string => {
    const path = join(storage, key);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "orphan");
    return path;
  };
  age(join(storage, collection, id, file));
  const old = age(put(`${collection}/${id}/old.txt`));
  const gone = age(put(`${collection}/gone00000000000/gone.txt`));
  const young = put(`${collection}/${id}/young.txt`);

  const sweep = (...args: readonly string[]) =>
    runCommand("headwater", ["files", "sweep", "--dir", server.dir, ...args]);
  const lines = [
    `${collection}/${id}/old.txt  6 bytes: its record does not name it`,
    `${collection}/gone00000000000/gone.txt  6 bytes: its record is gone`,
  ];
  const dry = await sweep();
  expect(dry.stdout.trim().split("\n").sort()).toEqual(
    [...lines, "Found 2 files with 12 bytes. With --delete, they are removed."].sort(),
  );
  expect([old, gone, young].map((path) => existsSync(path))).toEqual([true, true, true]);

  expect((await sweep("--delete")).stdout).toContain("Removed 2 files with 12 bytes.\n");
  expect([old, gone, young].map((path) => existsSync(path))).toEqual([false, false, true]);
  expect((await request(server.url, "GET", `/api/files/docs/${id}/${file}`)).text).toBe("kept");

  expect((await sweep("--delete", "--min-age-hours", "0")).stdout).toContain("Removed 1 file with 6 bytes.\n");
  expect((await sweep("--min-age-hours", "soon")).stderr).toBe(
    '--min-age-hours must be a number of hours, not "soon".\n',
  );
});
