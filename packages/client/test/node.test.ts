import { expect, setDefaultTimeout, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { buildCode } from "../../../scripts/build-client.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "../../..");

test("the built package works in Node: events, lists, a server restart and a clean exit", async () => {
  using built = tempDir();
  await buildCode(built.path);
  await Bun.write(join(built.path, "package.json"), `{"type":"module"}`);
  symlinkSync(join(ROOT, "node_modules"), join(built.path, "node_modules"));
  let server = await startServer();
  const admin = await SuperuserClient.signIn(server.url);
  await admin.createCollection(PUBLIC_NOTES);

  const program = Bun.spawn(
    ["node", join(import.meta.dir, "node-main.mjs"), join(built.path, "index.js"), server.url],
    {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  const output = new Inbox<readonly [what: string, value: unknown]>();
  const reading = (async () => {
    let rest = "";
    for await (const text of program.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) output.push(JSON.parse(line) as [string, unknown]);
    }
  })();
  const send = (line: string): void => {
    void program.stdin.write(`${line}\n`);
    void program.stdin.flush();
  };
  const all = (what: string): unknown[] => output.items.filter(([name]) => name === what).map(([, value]) => value);
  const until = (what: string, count: number): Promise<unknown> => output.until(() => all(what).length >= count);

  await until("ready", 1);
  expect(all("ready")).toEqual(["not-found"]);
  send("write");
  await until("event", 3);
  expect(all("event")).toEqual([
    ["create", "node 1"],
    ["update", "node 2"],
    ["delete", "node 2"],
  ]);

  const { dir, port } = server;
  await server.stop();
  const elsewhere = await startServer({ dir });
  for (const title of ["node 3", "node 4"]) await admin.at(elsewhere.url).create("notes", { title });
  await elsewhere.stop();
  const before = server;
  server = await startServer({ dir, port });
  await admin.create("notes", { title: "node 5" });
  await until("event", 6);
  expect(all("event").slice(3)).toEqual([
    ["create", "node 3"],
    ["create", "node 4"],
    ["create", "node 5"],
  ]);
  send("list");
  send("stats");
  await until("stats", 1);
  expect(all("list")).toEqual([["node 5", "node 4", "node 3"]]);
  expect(all("stats")[0]).toBeGreaterThan(0);

  send("close");
  await Promise.all([reading, program.exited]);
  expect(program.exitCode).toBe(0);
  expect(all("closed")).toEqual(["aborted"]);
  for (const one of [server, before]) await one[Symbol.asyncDispose]();
});
