import { defineCollection, number, text } from "headwater";

/** What the press has printed: the work of a task that is tried again goes on behind the last of these. */
export const sheets = defineCollection("sheets", {
  fields: {
    task: text({ required: true }),
    page: number({ required: true, min: 1, onlyInt: true }),
    line: text({ required: true }),
  },
  indexes: ["CREATE UNIQUE INDEX idx_sheets_page ON sheets (task, page)"],
});
