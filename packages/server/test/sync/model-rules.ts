const relation = (name: string, collectionId: string, more: object = {}) => ({
  name,
  type: "relation",
  collectionId,
  maxSelect: 1,
  ...more,
});
const text = (name: string, more: object = {}) => ({ name, type: "text", ...more });

/** The model's collections. Relations refer to collections by name; the users collection is extended afterwards. */
export const COLLECTIONS: readonly { readonly name: string; readonly [key: string]: unknown }[] = [
  { name: "teams", fields: [text("name"), relation("members", "users", { maxSelect: 9 })] },
  {
    name: "lists",
    fields: [
      text("title"),
      relation("owner", "users"),
      relation("team", "teams"),
      { name: "open", type: "bool" },
      text("secret", { hidden: true }),
    ],
    createRule: "owner = @request.auth.id",
    updateRule: "owner = @request.auth.id",
    deleteRule: "owner = @request.auth.id",
  },
  {
    name: "todos",
    fields: [
      relation("list", "lists", { cascadeDelete: true }),
      text("text", { max: 8 }),
      { name: "due", type: "date" },
      { name: "votes", type: "number" },
    ],
    createRule: "list.owner = @request.auth.id",
    updateRule: "@request.auth.id != ''",
    deleteRule: "list.owner = @request.auth.id",
  },
  { name: "grants", fields: [relation("user", "users"), relation("todo", "todos", { cascadeDelete: true })] },
  { name: "journal", fields: [text("client"), { name: "mutation", type: "number" }], listRule: "" },
];

/** Additional fields of the users collection. */
export const USER_FIELDS = [text("role"), relation("team", "teams")];

/** List rules for each collection, covering every way in which a rule can depend on data. */
export const RULES: Readonly<Record<string, readonly (string | null)[]>> = {
  users: ["id = @request.auth.id", "", "team = @request.auth.team", "lists_via_owner.open ?= true"],
  teams: ["", "members.id ?= @request.auth.id", null, "id = @request.auth.team", "name = 'a' || name = 'b'"],
  lists: [
    "owner = @request.auth.id",
    "owner = @request.auth.id || team.members.id ?= @request.auth.id",
    "open = true || owner.team = @request.auth.team",
    "@request.auth.role = 'editor' || open = true",
    "todos_via_list.text ?= 'a'",
    "@request.auth.team.name = 'a'",
    null,
  ],
  todos: [
    "list.owner = @request.auth.id",
    "list.team.members.id ?= @request.auth.id || list.open = true",
    "@collection.grants.user ?= @request.auth.id && @collection.grants.todo ?= id",
    "@collection.grants.todo ?= id",
    "grants_via_todo.user ?= @request.auth.id",
    "due < @now && list.open = true",
    "",
  ],
  grants: ["user = @request.auth.id", null, "todo.list.owner = @request.auth.id"],
};

/** Manage rules, which decide who sees users' email addresses. */
export const MANAGE_RULES = [null, "@request.auth.role = 'editor'", "team.members.id ?= @request.auth.id"];
