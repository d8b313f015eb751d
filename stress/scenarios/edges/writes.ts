import { statSync } from "node:fs";
import { join } from "node:path";
import { readRows } from "@headwater/testing/servers/read-database.ts";
import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { FolderServer } from "../../lib/edges/folder-server.ts";
import { Mirror } from "../../lib/edges/mirror.ts";
import { ensure } from "../../lib/ensure.ts";
import { family } from "../../lib/scenario.ts";

/** Names that mean something in `json_each`, in SQL or in a rule. */
const NAMES = [
  "parent",
  "value",
  "key",
  "type",
  "path",
  "root",
  "atom",
  "fullkey",
  "json",
  "oid",
  "rowid",
  "order",
  "select",
];

const ANYONE = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };
const MEGABYTE = 1_000_000;

/** Deletes the target of a relation for many under an odd name: it must leave no id behind. */
async function deleteTarget(admin: SuperuserClient, dir: string, name: string, isRequired: boolean, cascades: boolean) {
  const collection = `odd_${name}`;
  const targets = await admin.createCollection({ name: `targets_${name}`, type: "base", fields: [], ...ANYONE });
  const relation = {
    type: "relation",
    collectionId: targets.id,
    maxSelect: 9,
    required: isRequired,
    cascadeDelete: cascades,
  };
  await admin.createCollection({ name: collection, type: "base", fields: [{ ...relation, name }], ...ANYONE });
  const [gone, kept] = [await admin.create(targets.id, {}), await admin.create(targets.id, {})];
  const both = await admin.create(collection, { [name]: [gone.id, kept.id] });
  const only = await admin.create(collection, { [name]: [gone.id] });
  const { status, text } = await admin.request("DELETE", `/api/collections/${targets.id}/records/${gone.id}`);
  const rows = new Map(readRows(dir, collection).map((row) => [row["id"], String(row[name])]));
  // As in PocketBase: a record goes when the last id of a relation that cascades does, and a required one is not emptied.
  if (status === 204) {
    ensure(cascades || !isRequired, `a required relation "${name}" was emptied`);
    const left = [rows.get(both.id), rows.get(only.id)];
    const expected = [`["${kept.id}"]`, cascades ? undefined : "[]"];
    ensure(Bun.deepEquals(left, expected), `"${name}" has ${String(left)}, not ${String(expected)}`);
  } else {
    ensure(status === 400 && isRequired && !cascades, `a delete was answered with ${status} ${text}`);
    ensure(rows.get(only.id) === `["${gone.id}"]`, `a refused delete changed "${name}"`);
  }
}

export const writes = family("edges", [
  [
    "field-names",
    "Whatever a relation's name, a deleted target leaves no id behind and cascades run.",
    async (run) => {
      await run.start();
      for (const name of NAMES) {
        await deleteTarget(run.admin, run.dir, name, run.random.chance(50), run.random.chance(50));
        run.compared(2);
      }
    },
    ["some seeds", "short"],
  ],
  [
    "log-bytes",
    "Updates of one number in a record of a megabyte cost the log kilobytes, and it keeps no more than its limit.",
    async (run) => {
      await using server = await FolderServer.start(run.seedFolder, ["--keep-mb", "20"]);
      const mirror = new Mirror("the client");
      await mirror.load(server.url);
      const { id } = await server.admin.create("notes", { title: "large", body: "x".repeat(MEGABYTE), size: 0 });
      const before = sizeOf(server.dir);
      for (let size = 1; size <= 300; size += 1) await server.admin.update("notes", id, { size });
      await server.stop();
      const grown = (sizeOf(server.dir) - before) / MEGABYTE;
      ensure(grown < 40, `300 updates of a number cost ${grown.toFixed(0)} MB`);
      await server.start();
      await mirror.visit(server);
      run.compared(mirror.events);
    },
  ],
]);

const sizeOf = (dir: string): number =>
  ["data.db", "data.db-wal"].reduce(
    (sum, name) => sum + (statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
