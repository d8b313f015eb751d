import { type Fields, type FieldType, OBJECT, TEXT } from "../../model/field.ts";

const ACTION: FieldType = {
  is: "create, update or delete",
  accepts: (value) => value === "create" || value === "update" || value === "delete",
  wrong: ["insert", "CREATE", "", null, 1],
};

/** The first event of a connection, `PB_CONNECT`. */
export const GREETING: Fields = {
  clientId: { type: TEXT, meaning: "names the connection in subscribe requests; the same as the event's id" },
};

/** An event whose name is a topic: `posts/*` or `posts/ID`. It comes once for each change and topic. */
export const RECORD_EVENT: Fields = {
  action: { type: ACTION, meaning: "what happened to the record" },
  record: { type: OBJECT, meaning: "the record after it, or before it was deleted, as the API returns it" },
};

/** What every record has. */
export const RECORD: Fields = {
  id: { type: TEXT, meaning: "the record's id" },
  collectionId: { type: TEXT, meaning: "the id of its collection" },
  collectionName: { type: TEXT, meaning: "the name of its collection; the first part of the topic" },
};
