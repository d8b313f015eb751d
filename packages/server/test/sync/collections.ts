const SEES_LIST = "list.owner = @request.auth.id || list.members.id ?= @request.auth.id";

/** Lists are seen by who owns them and by those they are shared with, and todos by who sees their list. */
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

/** @param lists the id of the collection above */
export const todosOf = (lists: string) =>
  ({
    name: "todos",
    type: "base",
    listRule: SEES_LIST,
    viewRule: SEES_LIST,
    createRule: SEES_LIST,
    updateRule: SEES_LIST,
    deleteRule: SEES_LIST,
    fields: [
      { name: "list", type: "relation", collectionId: lists, maxSelect: 1, required: true, cascadeDelete: true },
      { name: "text", type: "text", max: 100 },
      { name: "done", type: "bool" },
      { name: "votes", type: "number" },
    ],
  }) as const;
