import { family, flow, guest, records, type Step, superuser, user } from "../../lib/scenario.ts";

const importing = (collections: unknown, deleteMissing?: unknown): Step =>
  superuser("PUT /api/collections/import", { collections, ...(deleteMissing !== undefined && { deleteMissing }) });

const NAMES = superuser("GET /api/collections?perPage=500&sort=name&fields=name");

export const DELETE_AND_IMPORT = family("collections: delete, truncate, import", [
  ...["unknown", "_superusers", "_otps", "tags", "authors", "users", "pbc_posts"].map((name) =>
    superuser(`DELETE /api/collections/${name}`),
  ),
  flow(
    "a view that others read",
    superuser("DELETE /api/collections/reviews"),
    superuser("GET /api/collections/reviews"),
    guest(`GET ${records("reviews")}`),
  ),
  superuser("DELETE /api/collections/STATS"),
  superuser("DELETE /api/collections"),
  ...["unknown", "secret_stats", "posts", "tags", "PBC_KINDS", "_authOrigins", "owned"].map((name) =>
    superuser(`DELETE /api/collections/${name}/truncate`),
  ),
  guest(`GET ${records("posts")}`),
  guest(`GET ${records("comments")}`),
  superuser("GET /api/collections/posts/truncate"),
  ...[
    undefined,
    null,
    [],
    {},
    "x",
    [null],
    [{}],
    ["x"],
    [{ name: "" }],
    [{ name: "imported1" }],
    [{ name: "imported2", type: "unknown" }],
    [{ name: "imported3", type: "auth" }],
    [{ name: "imported4", fields: [{ type: "bad" }] }],
    [{ name: "imported5", fields: [{ name: "f", type: "text", min: -1 }] }],
    [{ name: "imported6", listRule: "unknown = 1" }],
    [{ name: "imported7", indexes: ["bad"] }],
    [{ name: "imported8", type: "view", viewQuery: "SELECT id FROM imported1" }],
    [{ name: "imported9", type: "view", viewQuery: "bad" }],
    [{ name: "with space" }],
    [{ name: "twice" }, { name: "twice" }],
    [{ name: "tags", fields: [{ name: "extra", type: "text" }] }],
    [{ id: "pbc_tags", name: "labels" }],
    [{ id: "pbc_tags", name: "tags", type: "auth" }],
    [{ name: "_superusers", listRule: "" }],
    [
      { name: "imported10", fields: [{ name: "r", type: "relation", collectionId: "pbc_imported11" }] },
      { id: "pbc_imported11", name: "imported11" },
    ],
  ].map((collections) => importing(collections)),
  NAMES,
  superuser("GET /api/collections/labels"),
  flow(
    "fields that are missing are kept",
    importing([
      {
        name: "kept",
        fields: [
          { name: "a", type: "text" },
          { name: "b", type: "text" },
        ],
      },
    ]),
    importing([
      {
        name: "kept",
        fields: [
          { name: "b", type: "text" },
          { name: "c", type: "text" },
        ],
      },
    ]),
    superuser("GET /api/collections/kept?fields=fields.name"),
    importing([{ name: "kept", fields: [{ name: "c", type: "text" }] }], "x"),
    superuser("GET /api/collections/kept?fields=fields.name"),
  ),
  flow(
    "all others are deleted",
    importing(
      [
        { id: "pbc_tags", name: "labels" },
        { name: "kept", fields: [{ name: "c", type: "text" }] },
      ],
      true,
    ),
    NAMES,
    superuser("GET /api/collections/kept?fields=fields.name"),
  ),
  ...[guest, user].map((as) => as("PUT /api/collections/import", { collections: [] })),
  superuser("PUT /api/collections/import"),
  superuser("POST /api/collections/import", { collections: [] }),
]);
