import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { runCommand } from "@headwater/testing/servers/server-command.ts";
import { startServer, SUPERUSER } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(120_000);

test("collections move from a running server into a folder, and back under other names", async () => {
  await using server = await startServer();
  using temp = tempDir();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createCollection(PUBLIC_NOTES);
  const { id } = await superuser.create("notes", { title: "kept" });
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommand("headwater", ["collections", ...args]);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  const remote = ["--url", server.url, "--superuser", `${SUPERUSER.email}:${SUPERUSER.password}`];

  const exported = await run("export", ...remote);
  const file = join(temp.path, "collections.json");
  await Bun.write(file, exported);
  expect(await run("import", file, "--dry-run", ...remote)).toBe("Nothing would change.\n");
  expect(await run("export", "--dir", server.dir)).toBe(exported);

  await Bun.write(file, exported.replaceAll('"title"', '"headline"'));
  const client = await SseClient.connect(server.url);
  await client.subscribe(["notes/*"]);
  // Into the folder that the server serves: it sees the change in the log.
  expect(await run("import", file, "--dry-run", "--dir", server.dir)).toContain(
    "update notes (base)\n  ~ headline (text), now title",
  );
  await run("import", file, "--dir", server.dir);
  while (!(await superuser.request("GET", "/api/collections/notes")).text.includes("headline")) await Bun.sleep(10);
  await superuser.update("notes", id, { headline: "changed" });
  await client.inbox.until((events) => events.some(({ data }) => data.includes("changed")));

  await Bun.write(file, JSON.stringify({ collections: [{ name: "users" }] }));
  const plan = JSON.parse(await run("import", file, "--dry-run", "--json", "--delete-missing", ...remote));
  expect(plan.collections).toContainEqual(
    expect.objectContaining({ action: "delete", name: "notes", loses: [{ kind: "records", records: 1 }] }),
  );
});

test("mistakes are one sentence", async () => {
  using temp = tempDir();
  const file = join(temp.path, "x.json");
  const refusal = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await runCommand("headwater", ["collections", ...args]);
    expect(code).toBe(1);
    return stderr;
  };
  expect(await refusal("import", file, "--dir", temp.path)).toContain("can't be read");
  await Bun.write(file, "{");
  expect(await refusal("import", file, "--dir", temp.path)).toContain("is not JSON.");
  await Bun.write(file, "{}");
  expect(await refusal("import", file, "--dir", temp.path)).toContain("has no list of collections.");
  await Bun.write(file, "[]");
  expect(await refusal("import", file, "--dir", temp.path)).toContain("There is no database in");
  expect(await refusal("export", "--url", "http://127.0.0.1:1")).toContain("--superuser");
});
