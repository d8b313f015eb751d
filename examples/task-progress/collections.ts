import { defineCollection, number, text } from "headwater";

/** The printed pages. A retried task continues after the last one. */
export const sheets = defineCollection("sheets", {
  fields: {
    task: text({ required: true }),
    page: number({ required: true, min: 1, onlyInt: true }),
    line: text({ required: true }),
  },
  indexes: ["CREATE UNIQUE INDEX idx_sheets_page ON sheets (task, page)"],
});
