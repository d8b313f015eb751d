/** Creates `pocketbase-0.40` with stock PocketBase; see README.md. */
import { Database } from "bun:sqlite";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SuperuserClient, type ApiModel, signIn } from "@headwater/testing/servers/superuser-client.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { CATEGORIES, CATEGORY_COUNTS, EVERYTHING, JOURNALS, MEMBERS } from "./pocketbase-schema.ts";
import {
  type Account,
  type RecordedResponse,
  type Fixture,
  PASSWORD,
  RECORDED_REQUESTS,
} from "./pocketbase-fixture.ts";

const A_HUNDRED_YEARS = 100 * 365 * 24 * 3600;
const target = join(import.meta.dir, "pocketbase-0.40");

async function fill(folder: string): Promise<Fixture> {
  await using server = await startServer({ kind: "pocketbase", dir: folder });
  const superuser = await SuperuserClient.signIn(server.url);
  for (const definition of [CATEGORIES, MEMBERS, EVERYTHING, CATEGORY_COUNTS, JOURNALS])
    await superuser.createCollection(definition);
  const categories = await Promise.all(
    ["red", "green", "blue"].map((name) => superuser.create("categories", { name })),
  );
  const member = await addMember(superuser);
  await addEverything(superuser, categories, member);
  await addJournals(superuser, member);
  const accounts = await addAccounts(superuser, member);
  return { accounts, answers: await recordResponses(server.url, accounts), file: await findFile(superuser) };
}

const text = (content: string, name: string): File => new File([content], name, { type: "text/plain" });

function form(fields: readonly (readonly [string, string | File])[]): FormData {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  return data;
}

const addMember = (superuser: SuperuserClient): Promise<ApiModel> =>
  superuser.create("members", {
    username: "Maria",
    email: "maria@example.com",
    emailVisibility: false,
    password: PASSWORD,
    passwordConfirm: PASSWORD,
    verified: true,
    level: 3,
  });

async function addEverything(
  superuser: SuperuserClient,
  [red, green, blue]: readonly ApiModel[],
  member: ApiModel,
): Promise<void> {
  await superuser.create(
    "everything",
    form([
      ["text", "ünïcödé, 'quotes' and \"more\"\n"],
      ["editor", "<p>rich <b>text</b></p>"],
      ["number", "-12.5"],
      ["bool", "true"],
      ["email", "one@example.com"],
      ["url", "https://example.com/path?q=1"],
      ["date", "2024-02-29 12:34:56.789Z"],
      ["select", "a"],
      ["selects", "b"],
      ["selects", "c"],
      ["json", '{"list":[1,2.5,"x",null,true],"empty":{}}'],
      ["point", '{"lon":23.32,"lat":42.69}'],
      ["secret", "a secret of the record"],
      ["hidden", "only superusers see this"],
      ["category", red!.id],
      ["categories", blue!.id],
      ["categories", green!.id],
      ["member", member.id],
      ["file", text("the only file", "only file.txt")],
      ["files", text("first", "first.txt")],
      ["files", text("second", "second.txt")],
    ]),
  );
  await superuser.create("everything", { text: "nothing else is set" });
  await superuser.create("everything", {
    text: "a third",
    number: 3,
    category: green!.id,
    categories: [red!.id],
    json: "text",
  });
}

async function addJournals(superuser: SuperuserClient, member: ApiModel): Promise<void> {
  await superuser.create("journals", { title: "public", shared: true, owner: member.id });
  await superuser.create("journals", { title: "of the member", shared: false, owner: member.id });
}

async function addAccounts(superuser: SuperuserClient, member: ApiModel): Promise<Fixture["accounts"]> {
  const user = await superuser.create(
    "users",
    form([
      ["email", "ursula@example.com"],
      ["password", PASSWORD],
      ["passwordConfirm", PASSWORD],
      ["name", "Ursula"],
      ["verified", "true"],
      ["emailVisibility", "true"],
      ["avatar", new File([Buffer.from(ONE_PIXEL, "base64")], "face.png", { type: "image/png" })],
    ]),
  );
  const root = (await signIn(superuser.url, "_superusers", "root@example.com", PASSWORD)).record;
  return {
    superuser: await account(superuser, "_superusers", "root@example.com", root.id),
    user: await account(superuser, "users", "ursula@example.com", user.id),
    member: await account(superuser, "members", "Maria", member.id),
  };
}

const ONE_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Adds a token that does not expire in practice, so that the fixture stays valid. */
async function account(superuser: SuperuserClient, collection: string, identity: string, id: string): Promise<Account> {
  const { body } = await superuser.request<{ token: string }>(
    "POST",
    `/api/collections/${collection}/impersonate/${id}`,
    {
      body: { duration: A_HUNDRED_YEARS },
    },
  );
  return { collection, identity, id, token: body.token };
}

const recordResponses = (url: string, accounts: Fixture["accounts"]): Promise<RecordedResponse[]> =>
  Promise.all(
    RECORDED_REQUESTS.map(async ([as, path]) => {
      const { status, body } = await request(url, "GET", path, {
        token: as === "guest" ? undefined : accounts[as].token,
      });
      return { as, path, status, body };
    }),
  );

async function findFile(superuser: SuperuserClient): Promise<Fixture["file"]> {
  const { body } = await superuser.request<{ items: { id: string; file: string }[] }>(
    "GET",
    "/api/collections/everything/records?filter=(file!='')",
  );
  const { id, file } = body.items[0]!;
  return { path: `/api/files/everything/${id}/${file}`, content: "the only file" };
}

/** Leaves one compact file per database, without request logs. */
function shrink(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".db"))) {
    using db = new Database(join(folder, name));
    if (name === "auxiliary.db") db.run("DELETE FROM _logs");
    db.run("PRAGMA wal_checkpoint(TRUNCATE)");
    db.run("PRAGMA journal_mode = DELETE");
    db.run("VACUUM");
  }
  rmSync(join(folder, "types.d.ts"), { force: true });
}

using temp = tempDir();
const dir = join(temp.path, "pb_data");
const fixture = await fill(dir);
shrink(dir);
rmSync(target, { recursive: true, force: true });
cpSync(dir, join(target, "data"), { recursive: true });
await Bun.write(join(target, "fixture.json"), `${JSON.stringify(fixture, null, 1)}\n`);
