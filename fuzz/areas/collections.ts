import fc from "fast-check";
import { area } from "../lib/area.ts";
import { filterText } from "../lib/filter-grammar.ts";
import { anyText, mutated } from "../lib/texts.ts";
import { anyValue } from "../lib/value-grammar.ts";

const rule = fc.oneof(fc.constantFrom(null, ""), filterText);
const types = [
  "text",
  "editor",
  "number",
  "bool",
  "email",
  "url",
  "date",
  "select",
  "file",
  "relation",
  "json",
  "autodate",
  "geoPoint",
  "password",
  "x",
] as const;
const field = fc.record(
  {
    name: fc.oneof(anyText, fc.constantFrom("value", "key", "parent", "oid", "rowid", "select", "order", "a", "b")),
    type: fc.constantFrom(...types),
    id: anyText,
    required: anyValue,
    min: anyValue,
    max: anyValue,
    pattern: fc.oneof(anyText, fc.constantFrom("^(a+)+$", "(", "[a-z", "(?=x)", "\\p{L}{1000}")),
    autogeneratePattern: fc.constantFrom("[a-z]{15}", "(", "[a-z]{99999}", ".*"),
    values: fc.oneof(fc.array(anyText, { maxLength: 3 }), anyValue),
    maxSelect: anyValue,
    maxSize: anyValue,
    collectionId: fc.constantFrom("_pb_users_auth_", "x"),
    onlyDomains: anyValue,
    mimeTypes: anyValue,
    hidden: anyValue,
    presentable: anyValue,
    cascadeDelete: anyValue,
  },
  { requiredKeys: ["name", "type"] },
);
const index = mutated(
  fc.constantFrom(
    "CREATE INDEX i ON c (a)",
    "CREATE UNIQUE INDEX i ON c (a, b) WHERE a > 1",
    "CREATE INDEX i ON c (lower(a))",
  ),
);

const collection = fc.record(
  {
    name: fc.oneof(fc.constant("made"), anyText),
    type: fc.constantFrom("base", "auth", "view", "x"),
    fields: fc.oneof({ weight: 6, arbitrary: fc.array(field, { maxLength: 4 }) }, anyValue),
    indexes: fc.oneof(fc.array(index, { maxLength: 2 }), anyValue),
    viewQuery: mutated(
      fc.constantFrom(
        "SELECT id, title FROM things",
        "SELECT t.id, count(*) AS n FROM things t GROUP BY t.id",
        "SELECT 1 AS id",
      ),
    ),
    listRule: rule,
    viewRule: rule,
    createRule: rule,
    updateRule: rule,
    deleteRule: rule,
    authRule: rule,
    passwordAuth: anyValue,
    authToken: anyValue,
  },
  { requiredKeys: ["name", "type"] },
);

/** Definitions of collections. A superuser may break the schema, but not the server. */
export const collections = area(
  "collections",
  mutated(collection.map((value) => JSON.stringify(value))),
  async (world, body) => {
    const path = "/api/collections";
    const { status, body: made } = await world.admin.request<{ id?: string; name?: string }>("POST", path, { body });
    if (status !== 200 || made.id === undefined) {
      await world.send({ method: "POST", path, body, as: "superuser" });
      return;
    }
    const records = `${path}/${made.id}/records`;
    await world.send({ method: "POST", path: records, body: '{"a":1}' });
    await world.send({ method: "GET", path: `${records}?filter=id!='x'`, as: "user" });
    await world.send({ method: "PATCH", path: `${path}/${made.id}`, body, as: "superuser" });
    await world.send({ method: "DELETE", path: `${path}/${made.id}`, as: "superuser" });
  },
);
