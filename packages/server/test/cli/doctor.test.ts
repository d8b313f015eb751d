import { expect, setDefaultTimeout, test } from "bun:test";
import { runCommand } from "@headwater/testing/servers/server-command.ts";
import { startServer, SUPERUSER } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(120_000);

test("doctor names the index that a rule lacks, for a folder and for a server, until it is there", async () => {
  await using server = await startServer();
  const superuser = await SuperuserClient.signIn(server.url);
  await superuser.createUser("ann");
  await superuser.createCollection({
    name: "posts",
    type: "base",
    listRule: "author = @request.auth.id",
    viewRule: "author = @request.auth.id",
    fields: [
      { name: "author", type: "text" },
      { name: "body", type: "text" },
    ],
  });
  const query = `insert into posts (id, author, body) with recursive n(x) as (values (1) union all select x + 1 from n where x < 20000)
    select 'p' || x, 'a' || x, hex(zeroblob(200)) from n`;
  expect((await superuser.request("POST", "/api/sql", { body: { query } })).status).toBe(200);
  const places = [
    ["--dir", server.dir],
    ["--url", server.url, "--superuser", `${SUPERUSER.email}:${SUPERUSER.password}`],
  ];
  const statement = "CREATE INDEX `idx_posts_author` ON `posts` (`author`)";
  for (const place of places) {
    const { code, stdout } = await runCommand("headwater", ["doctor", ...place]);
    expect(stdout).toMatch(/^posts \(author\): [\d.]+ ms without, [\d.]+ ms with an index; 20000 records\n/);
    expect(stdout).toContain("  for the list rule of posts, the view rule of posts\n");
    expect(stdout).toContain(`  ${statement}\n`);
    expect(code).toBe(2);
  }
  expect((await superuser.request("PATCH", "/api/collections/posts", { body: { indexes: [statement] } })).status).toBe(
    200,
  );
  for (const place of places) {
    const { code, stdout } = await runCommand("headwater", ["doctor", "--json", ...place]);
    expect(JSON.parse(stdout)).toEqual({ advice: [], unindexable: [], skipped: [] });
    expect(code).toBe(0);
  }
});

test("doctor makes no folder", async () => {
  const { code, stderr } = await runCommand("headwater", ["doctor", "--dir", "/tmp/headwater-nowhere"]);
  expect([code, stderr]).toEqual([
    1,
    "There is no database in /tmp/headwater-nowhere. Name the data folder with --dir.\n",
  ]);
});
