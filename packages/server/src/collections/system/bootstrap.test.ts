import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { UserError } from "../../lib/user-error.ts";
import { verbatim } from "../../store/sql.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import type { Store } from "../../store/store.ts";
import { migrate } from "../../store/migrations/migrations.ts";
import { CollectionFixture } from "../../testing/collection-fixture.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { bootstrap, bootstrapAuxiliary } from "./bootstrap.ts";
import { collectionToRow } from "../model/collection-row.ts";
import { loadSchema } from "../model/registry.ts";

const dir = testDir();

function open(name: string): Store {
  const store = openSqliteStore(join(dir, name));
  afterAll(() => store.close());
  return store;
}

test("a new database has PocketBase's tables, collections, settings and migrations", async () => {
  const { store } = await CollectionFixture.open();
  const { collections } = await loadSchema(store);
  expect(collections.map(({ id, name, type, system }) => `${id} ${name} ${type} ${system}`)).toEqual([
    "pbc_2279338944 _mfas base true",
    "pbc_1638494021 _otps base true",
    "pbc_2281828961 _externalAuths base true",
    "pbc_4275539003 _authOrigins base true",
    "pbc_3142635823 _superusers auth true",
    "_pb_users_auth_ users auth false",
  ]);
  const [settings] = await store.all(verbatim("SELECT json_extract(value, '$.meta.appName') AS name FROM _params"));
  expect(settings).toEqual({ name: "Acme" });
  const [migrations] = await store.all(verbatim("SELECT count(*) AS count FROM _migrations"));
  expect(migrations).toEqual({ count: 8 });
});

test("the tables are exactly PocketBase's", async () => {
  const { store } = await CollectionFixture.open();
  const statement = async (name: string) =>
    (await store.first(verbatim(`SELECT sql FROM sqlite_master WHERE name = '${name}'`)))?.sql;
  expect(await statement("users")).toBe(
    "CREATE TABLE `users` (`avatar` TEXT DEFAULT '' NOT NULL, `created` TEXT DEFAULT '' NOT NULL, " +
      "`email` TEXT DEFAULT '' NOT NULL, `emailVisibility` BOOLEAN DEFAULT FALSE NOT NULL, " +
      "`id` TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL, `name` TEXT DEFAULT '' NOT NULL, " +
      "`password` TEXT DEFAULT '' NOT NULL, `tokenKey` TEXT DEFAULT '' NOT NULL, " +
      "`updated` TEXT DEFAULT '' NOT NULL, `verified` BOOLEAN DEFAULT FALSE NOT NULL)",
  );
  expect(await statement("idx_email__pb_users_auth_")).toBe(
    "CREATE UNIQUE INDEX `idx_email__pb_users_auth_` ON `users` (`email`) WHERE `email` != ''",
  );
});

test("a row that is read and written stays the same", async () => {
  const { store } = await CollectionFixture.open();
  for (const collection of (await loadSchema(store)).collections) {
    const row = await store.first({ text: "SELECT * FROM _collections WHERE id = ?", values: [collection.id] });
    expect(collectionToRow(collection)).toEqual(row!);
  }
});

test("a database with content is left unchanged", async () => {
  const { store } = await CollectionFixture.open();
  const dump = () => store.all(verbatim("SELECT * FROM _collections"));
  const before = await dump();
  await store.write((tx) => bootstrap(tx));
  expect(await dump()).toEqual(before);
});

test("a database from before 0.23 is refused with an explanation", async () => {
  const store = open("old.db");
  await store.write((tx) => tx.run(verbatim("CREATE TABLE _collections (id TEXT, name TEXT, schema JSON)")));
  const error: unknown = await store.write((tx) => bootstrap(tx)).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(String(error)).toContain("This database was created by PocketBase before version 0.23.");
});

test("columns in another order, NULLs and missing options are read", async () => {
  const store = open("loose.db");
  await store.write(async (tx) => {
    await tx.run(
      verbatim("CREATE TABLE _collections (name, id TEXT PRIMARY KEY, type, fields, listRule, options, created)"),
    );
    const fields = `[{"type":"email","name":"e","id":"e1","exceptDomains":null}]`;
    await migrate(tx);
    await tx.run(verbatim(`INSERT INTO _collections VALUES ('old', 'id1', 'auth', '${fields}', '', NULL, '')`));
  });
  const collection = (await loadSchema(store)).find("OLD");
  expect(collection).toMatchObject({
    id: "id1",
    listRule: "",
    viewRule: null,
    indexes: [],
    system: false,
    created: "",
  });
  expect(collection?.fields).toMatchObject([{ id: "e1", help: "", exceptDomains: [] }]);
  expect(collection?.type === "auth" && collection.auth.passwordAuth).toEqual({ enabled: false, identityFields: [] });
});

test("the database of the logs can be bootstrapped repeatedly", async () => {
  const store = open("auxiliary.db");
  for (const _ of [1, 2]) await store.write(bootstrapAuxiliary);
  expect(
    await store.all(verbatim("SELECT name FROM sqlite_master WHERE name LIKE 'idx_logs_%' ORDER BY name")),
  ).toEqual([{ name: "idx_logs_created_hour" }, { name: "idx_logs_level" }, { name: "idx_logs_message" }]);
});
