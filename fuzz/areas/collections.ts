import fc, { type Arbitrary } from "fast-check";
import { area } from "../lib/area.ts";
import { filterText } from "../lib/filter-grammar.ts";
import { mutated } from "../lib/texts.ts";
import { anyValue } from "../lib/value-grammar.ts";

/** What is usually right, and sometimes anything. */
const mostly = (usual: Arbitrary<unknown>): Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: anyValue });

const rule = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(null, "") }, { weight: 1, arbitrary: filterText });
const TYPES = [
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
] as const;
/** Names that mean something in SQL, in JSON or in rules. */
const NAMES = ["value", "key", "parent", "oid", "rowid", "select", "order", "a", "b", "type", "json", "path"] as const;

const field = fc.record(
  {
    name: mostly(fc.constantFrom(...NAMES)),
    type: mostly(fc.constantFrom(...TYPES)),
    id: mostly(fc.string({ minLength: 5, maxLength: 10 })),
    required: mostly(fc.boolean()),
    min: mostly(fc.nat(5)),
    max: mostly(fc.integer({ min: 5, max: 5_000 })),
    pattern: mostly(fc.constantFrom("^(a+)+$", "^[a-z]*$", "(?=x)", "\\p{L}{1000}")),
    autogeneratePattern: mostly(fc.constantFrom("[a-z]{15}", "[a-z]{9}[0-9]", ".*")),
    values: mostly(fc.constant(["a", "b", "c"])),
    maxSelect: mostly(fc.nat(4)),
    maxSize: mostly(fc.nat(10_000)),
    collectionId: mostly(fc.constant("_pb_users_auth_")),
    onlyDomains: mostly(fc.constant(["example.com"])),
    mimeTypes: mostly(fc.constant(["text/plain"])),
    hidden: mostly(fc.boolean()),
    cascadeDelete: mostly(fc.boolean()),
  },
  { requiredKeys: ["name", "type", "values", "collectionId", "maxSelect"] },
);
const index = fc.constantFrom(
  "CREATE INDEX i1 ON made (a)",
  "CREATE UNIQUE INDEX i2 ON made (a, b) WHERE a > 1",
  "CREATE INDEX i3 ON made (lower(key))",
);
const viewQuery = fc.constantFrom(
  "SELECT id, title FROM things",
  "SELECT t.id, count(*) AS n FROM things t GROUP BY t.id",
  "SELECT 1 AS id",
);

const collection = fc.record(
  {
    name: mostly(fc.constantFrom("made", "made", "Made_2")),
    type: mostly(fc.constantFrom("base", "base", "base", "auth", "view")),
    fields: mostly(fc.array(field, { maxLength: 4 })),
    indexes: mostly(fc.array(mutated(index), { maxLength: 1 })),
    viewQuery: mutated(viewQuery),
    listRule: rule,
    viewRule: rule,
    createRule: rule,
    updateRule: rule,
    deleteRule: rule,
    authToken: mostly(fc.record({ duration: fc.integer({ min: 10, max: 1_000 }) })),
  },
  { requiredKeys: ["name", "type", "fields", "viewQuery"] },
);

/** Definitions of collections. A superuser may break the schema, but not the server. */
export const collections = area(
  "collections",
  fc.oneof(
    { weight: 9, arbitrary: collection.map((value) => JSON.stringify(value)) },
    mutated(collection.map((value) => JSON.stringify(value))),
  ),
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
