import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

/** Anyone may do anything: what a rule would refuse early would not be tried. */
const ANYONE = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };

/** Names that are likely to hit something. */
export const COLLECTIONS = ["things", "notes", "users", "closed", "_superusers", "nothing", "_collections"] as const;

/** Fields of `things`. */
export const FIELDS = [
  "id",
  "title",
  "text",
  "size",
  "flag",
  "mail",
  "link",
  "day",
  "choice",
  "choices",
  "file",
  "files",
  "one",
  "many",
  "data",
  "place",
  "created",
] as const;

/** Names that other collections have, or that mean something. */
export const OTHER_FIELDS = [
  "email",
  "password",
  "tokenKey",
  "collectionId",
  "collectionName",
  "things_via_one",
  "notes_via_thing",
  "thing",
  "expand",
] as const;

/** Creates a collection with every kind of field, one with few, and one that is closed. @returns a record of the first */
export async function createSchema(admin: SuperuserClient): Promise<string> {
  const thing = { name: "things", type: "base", ...ANYONE };
  const { id: things } = await admin.createCollection({ ...thing, fields: [{ name: "title", type: "text" }] });
  const relation = { type: "relation", collectionId: things };
  await admin.updateCollection("things", {
    fields: [
      { name: "title", type: "text" },
      { name: "text", type: "editor" },
      { name: "size", type: "number" },
      { name: "flag", type: "bool" },
      { name: "mail", type: "email" },
      { name: "link", type: "url" },
      { name: "day", type: "date" },
      { name: "choice", type: "select", values: ["a", "b", "c"], maxSelect: 1 },
      { name: "choices", type: "select", values: ["a", "b", "c"], maxSelect: 3 },
      { name: "file", type: "file", maxSelect: 1, maxSize: 100_000 },
      { name: "files", type: "file", maxSelect: 5, maxSize: 100_000 },
      { ...relation, name: "one", maxSelect: 1 },
      { ...relation, name: "many", maxSelect: 9, cascadeDelete: true },
      { name: "data", type: "json" },
      { name: "place", type: "geoPoint" },
      { name: "created", type: "autodate", onCreate: true },
    ],
  });
  const title = { name: "title", type: "text" };
  const size = { name: "size", type: "number" };
  const fields = [title, size, { ...relation, name: "thing", maxSelect: 1 }];
  await admin.createCollection({ name: "notes", type: "base", fields, ...ANYONE });
  await admin.createCollection({ name: "closed", type: "base", fields: [title] });
  const { id } = await admin.create("things", { title: "first", size: 1, choices: ["a"], data: { a: [1, "x"] } });
  await admin.create("things", { title: "second", one: id, many: [id], place: { lon: 1, lat: 2 } });
  return id;
}
