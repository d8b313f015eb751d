import { autodate, bool, defineCollection, relation, text } from "headwater";

export const people = defineCollection("people", {
  type: "auth",
  fields: { name: text({ required: true, max: 60 }) },
  listRule: '@request.auth.id != ""',
  createRule: "",
});

/** One list for all signed-in users. Everyone can tick off a todo, but only its author can delete it. */
export const todos = defineCollection("todos", {
  fields: {
    text: text({ required: true, max: 200 }),
    done: bool(),
    author: relation(people, { required: true, cascadeDelete: true }),
    created: autodate({ onCreate: true }),
  },
  listRule: '@request.auth.id != ""',
  createRule: "author = @request.auth.id",
  updateRule: '@request.auth.id != "" && @request.body.author:isset = false',
  deleteRule: "author = @request.auth.id",
});
