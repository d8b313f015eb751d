/** Public: anyone may read and write. */
export const PUBLIC_NOTES = {
  name: "notes",
  type: "base",
  listRule: "",
  viewRule: "",
  createRule: "",
  updateRule: "",
  deleteRule: "",
  fields: [
    { name: "title", type: "text" },
    { name: "count", type: "number" },
    { name: "created", type: "autodate", onCreate: true },
    { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
  ],
} as const;

const OWN = "@request.auth.id != '' && owner = @request.auth.id";

/** Private: users may see and write only their own records. */
export const PRIVATE_NOTES = {
  name: "diaries",
  type: "base",
  listRule: OWN,
  viewRule: OWN,
  createRule: OWN,
  updateRule: OWN,
  deleteRule: OWN,
  fields: [
    { name: "title", type: "text" },
    { name: "owner", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 1, required: true },
  ],
} as const;

/** Public to read, for superusers to write; with validation, a relation and files. */
export const ARTICLES = {
  name: "articles",
  type: "base",
  listRule: "",
  viewRule: "",
  fields: [
    { name: "title", type: "text", required: true, min: 3 },
    { name: "rank", type: "number" },
    { name: "author", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 1 },
    { name: "pictures", type: "file", maxSelect: 3, mimeTypes: ["text/plain"] },
    { name: "draft", type: "file", maxSelect: 1, protected: true },
  ],
} as const;

/** Listed only for requests with the team in the X-Team header. */
export const TEAM_NOTES = {
  name: "team_notes",
  type: "base",
  listRule: "@request.headers.x_team = team",
  fields: [
    { name: "team", type: "text" },
    { name: "title", type: "text" },
  ],
} as const;

/** Only signed-in users may read; anyone may write. */
export const MEMBERS_NOTES = {
  ...PUBLIC_NOTES,
  name: "inner",
  listRule: "@request.auth.id != ''",
  viewRule: "@request.auth.id != ''",
} as const;
