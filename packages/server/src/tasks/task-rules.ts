import { collectionId, recordId } from "@headwater/protocol";
import type { BaseCollection, Rule } from "../collections/model/collection.ts";
import { parseField } from "../collections/fields/kinds.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { canSee } from "../records/rule-check/check-access.ts";
import { isSuperuser, type Principal } from "../rules/principal.ts";
import type { Reader } from "../store/store.ts";
import type { Task } from "./task.ts";

/** What rules of tasks can name. No table of records has this form: rules judge the values that they are given. */
const COLLECTION: BaseCollection = {
  id: collectionId("_tasks"),
  name: "_tasks",
  type: "base",
  system: true,
  fields: [
    parseField({ name: "id", type: "text" }),
    parseField({ name: "name", type: "text" }),
    parseField({ name: "owner", type: "text" }),
    parseField({ name: "input", type: "json" }),
  ],
  indexes: [],
  listRule: null,
  viewRule: null,
  createRule: null,
  updateRule: null,
  deleteRule: null,
  created: "",
  updated: "",
};

/** The id of the auth record that asks; "" for a guest. */
export const ownerOf = (principal: Principal): string => (principal.kind === "guest" ? "" : principal.values.id);

/** May the principal of this context do with the task what the rule is for? */
export const mayDo = async (
  reader: Reader,
  context: RecordContext,
  rule: Rule,
  { id, name, owner, input }: Pick<Task, "id" | "name" | "owner" | "input">,
): Promise<boolean> =>
  isSuperuser(context.principal) || canSee(reader, context, COLLECTION, rule, { id: recordId(id), name, owner, input });
