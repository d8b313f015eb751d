import { autodate, defineCollection, relation, text } from "headwater";

export const people = defineCollection("people", {
  type: "auth",
  fields: { name: text({ required: true, max: 40 }) },
  listRule: "@request.auth.id != ''",
  viewRule: "@request.auth.id != ''",
  createRule: "",
});

export const messages = defineCollection("messages", {
  fields: {
    room: text({ required: true, pattern: "^[a-z0-9-]{1,40}$" }),
    author: relation(people, { required: true, cascadeDelete: true }),
    /** The author's name when the message was sent. */
    name: text({ required: true }),
    text: text({ required: true, max: 2_000 }),
    sent: autodate({ onCreate: true }),
  },
  indexes: ["CREATE INDEX idx_messages_room ON messages (room, sent)"],
  listRule: "@request.auth.id != ''",
  viewRule: "@request.auth.id != ''",
  createRule: "author = @request.auth.id",
  deleteRule: "author = @request.auth.id",
});
