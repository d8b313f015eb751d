const CAN_SEE_LIST = "list.owner = @request.auth.id || list.members.id ?= @request.auth.id";

/** Owners and members may list a list; whoever may see a list may see and write its todos. */
export const LISTS = {
  name: "lists",
  type: "base",
  listRule: "owner = @request.auth.id || members.id ?= @request.auth.id",
  viewRule: "owner = @request.auth.id || members.id ?= @request.auth.id",
  createRule: "owner = @request.auth.id",
  updateRule: "owner = @request.auth.id",
  deleteRule: "owner = @request.auth.id",
  fields: [
    { name: "title", type: "text", required: true, max: 40 },
    { name: "owner", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 1, required: true },
    { name: "members", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 99 },
  ],
} as const;

/** @param lists the id of the `lists` collection */
export const todosOf = (lists: string) =>
  ({
    name: "todos",
    type: "base",
    listRule: CAN_SEE_LIST,
    viewRule: CAN_SEE_LIST,
    createRule: CAN_SEE_LIST,
    updateRule: CAN_SEE_LIST,
    deleteRule: CAN_SEE_LIST,
    fields: [
      { name: "list", type: "relation", collectionId: lists, maxSelect: 1, required: true, cascadeDelete: true },
      { name: "text", type: "text", max: 100 },
      { name: "done", type: "bool" },
      { name: "votes", type: "number" },
    ],
  }) as const;
