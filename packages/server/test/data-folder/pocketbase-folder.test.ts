import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { FIXTURE_DATA, type Fixture, PASSWORD, readFixture } from "./pocketbase-fixture.ts";
import { SuperuserClient, type ApiModel, signIn } from "@headwater/testing/servers/superuser-client.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { hasPocketBase } from "@headwater/testing/servers/server-command.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { type TempDir, tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(60_000);

const EVERYTHING = "/api/collections/everything/records";

let fixture: Fixture;
let temp: TempDir;
let dir: string;
let server: ServerProcess;

beforeAll(async () => {
  fixture = await readFixture();
  temp = tempDir();
  dir = join(temp.path, "pb_data");
  cpSync(FIXTURE_DATA, dir, { recursive: true });
  server = await startServer({ dir });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  temp[Symbol.dispose]();
});

describe("a folder created by PocketBase", () => {
  test("gets the same responses as from PocketBase", async () => {
    for (const { as, path, status, body } of fixture.answers) {
      const token = as === "guest" ? undefined : fixture.accounts[as].token;
      const reply = await request(server.url, "GET", path, { token });
      expect({ as, path, status: reply.status, body: reply.body }).toEqual({ as, path, status, body });
    }
  });

  test("lets every account sign in with its old password", async () => {
    for (const { collection, identity, id } of Object.values(fixture.accounts)) {
      expect((await signIn(server.url, collection, identity, PASSWORD)).record.id).toBe(id);
    }
    const { collection, id } = fixture.accounts.member;
    expect((await signIn(server.url, collection, "mARIA", PASSWORD)).record.id).toBe(id);
  });

  test("serves its files", async () => {
    expect(await (await fetch(server.url + fixture.file.path)).text()).toBe(fixture.file.content);
  });
});

interface EverythingRecord extends ApiModel {
  readonly files: readonly string[];
}

/** Written by Headwater, to be read by PocketBase. */
interface Written {
  readonly record: EverythingRecord;
  readonly token: string;
}

describe("data that Headwater writes to it", () => {
  let written: Written;

  test("is accepted by the API", async () => {
    const { user, member } = fixture.accounts;
    const form = new FormData();
    for (const [name, value] of [
      ["text", "by Headwater"],
      ["selects", "a"],
      ["selects", "c"],
      ["json", '{"a":[1]}'],
      ["member", member.id],
    ] as const) {
      form.append(name, value);
    }
    form.append("files", new File(["of Headwater"], "ours.txt", { type: "text/plain" }));
    const created = await request<EverythingRecord>(server.url, "POST", EVERYTHING, { token: user.token, body: form });
    expect(created).toMatchObject({
      status: 200,
      body: { text: "by Headwater", selects: ["a", "c"], json: { a: [1] } },
    });
    const first = fixture.file.path.split("/")[4]!;
    const updated = await request(server.url, "PATCH", `${EVERYTHING}/${first}`, {
      token: user.token,
      body: { "number+": 2.5, text: "changed", "files-": [] },
    });
    expect(updated).toMatchObject({ status: 200, body: { number: -10, text: "changed" } });
    const superuser = await SuperuserClient.signIn(server.url, { email: "root@example.com", password: PASSWORD });
    await superuser.createUser("newcomer", "another password");
    await superuser.createCollection({
      name: "ours",
      type: "base",
      listRule: "",
      fields: [{ name: "title", type: "text" }],
    });
    await superuser.create("ours", { title: "in a new collection" });
    const change = { oldPassword: PASSWORD, password: "changed password", passwordConfirm: "changed password" };
    const path = `/api/collections/members/records/${member.id}`;
    expect((await request(server.url, "PATCH", path, { token: member.token, body: change })).status).toBe(200);
    expect((await request(server.url, "GET", path, { token: member.token })).status).toBe(404);
    const { token } = await signIn(server.url, "members", "maria@example.com", "changed password");
    written = { record: created.body, token };
  });

  test("has PocketBase's format on disk", async () => {
    expect(await server.stop()).toBe(0);
    using db = new Database(join(dir, "data.db"), { readonly: true });
    expect(db.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    const row = db.query("SELECT * FROM everything WHERE id = ?").get(written.record.id);
    expect(row).toMatchObject({
      text: "by Headwater",
      selects: '["a","c"]',
      json: '{"a":[1]}',
      number: 0,
      bool: 0,
      category: "",
      categories: "[]",
      point: '{"lon":0,"lat":0}',
      files: JSON.stringify(written.record.files),
    });
    const stored = join(dir, "storage", "pbc_everything0", written.record.id, written.record.files[0]!);
    expect(await Bun.file(stored).text()).toBe("of Headwater");
  });

  test("can be read by PocketBase, and PocketBase's writes by Headwater", async () => {
    if (!hasPocketBase) return reportMissing();
    await using original = await startServer({ kind: "pocketbase", dir });
    const { record, token } = written;
    const seen = await request(original.url, "GET", `${EVERYTHING}/${record.id}`);
    expect(seen.body).toEqual(record);
    expect((await request(original.url, "GET", "/api/collections/ours/records")).body).toMatchObject({
      items: [{ title: "in a new collection" }],
    });
    const file = await fetch(`${original.url}/api/files/everything/${record.id}/${record.files[0]}`);
    expect([file.headers.get("content-type"), await file.text()]).toEqual([
      expect.stringContaining("text/plain"),
      "of Headwater",
    ]);

    const memberPath = `/api/collections/members/records/${fixture.accounts.member.id}`;
    expect((await request(original.url, "GET", memberPath, { token })).status).toBe(200);
    await signIn(original.url, "members", "Maria", "changed password");
    await signIn(original.url, "users", "newcomer@example.com", "another password");
    const { token: theirs } = await signIn(original.url, "users", "ursula@example.com", PASSWORD);
    const reply = await request<ApiModel>(original.url, "POST", EVERYTHING, {
      token: theirs,
      body: { text: "by PocketBase" },
    });
    expect(reply.status).toBe(200);
    await original.stop();

    await using again = await startServer({ dir });
    expect((await request(again.url, "GET", `${EVERYTHING}/${reply.body.id}`)).body).toEqual(reply.body);
    const path = "/api/collections/users/auth-refresh";
    expect((await request(again.url, "POST", path, { token: theirs })).status).toBe(200);
  });
});

function reportMissing(): void {
  process.stdout.write("skipped, no pocketbase on the PATH: opening the folder with PocketBase again\n");
}
