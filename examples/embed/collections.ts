import { autodate, defineCollection, number, relation, select, text } from "headwater";

export const readers = defineCollection("readers", {
  type: "auth",
  fields: { name: text({ required: true, max: 60 }) },
  listRule: "",
  createRule: "",
});

export const books = defineCollection("books", {
  fields: {
    title: text({ required: true }),
    genre: select(["novel", "essay", "poems"]),
    /** Copies that can be borrowed now. */
    copies: number({ min: 0, onlyInt: true }),
  },
  listRule: "",
  viewRule: "",
  indexes: ["CREATE UNIQUE INDEX idx_books_title ON books (title)"],
});

export const loans = defineCollection("loans", {
  fields: {
    book: relation(books, { required: true }),
    reader: relation(readers, { required: true, cascadeDelete: true }),
    since: autodate({ onCreate: true }),
  },
  listRule: "reader = @request.auth.id",
  viewRule: "reader = @request.auth.id",
  createRule: "reader = @request.auth.id",
  deleteRule: "reader = @request.auth.id",
});
