import { collectionId, recordId } from "@headwater/protocol";
import type { BaseCollection } from "../collections/model/collection.ts";
import type { Rule } from "../collections/model/rule.ts";
import { parseField } from "../collections/fields/field-kinds.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { meetsRule } from "../records/rule-check/check-access.ts";
import { isSuperuser, type Principal } from "../rules/principal.ts";
import type { Reader } from "../store/store.ts";
import type { Task } from "./task.ts";

/** The fields that task rules can use. There is no such table: the rules are evaluated on the values of a task. */
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

/** The id of the requester's auth record; "" for a guest. */
export const ownerOf = (principal: Principal): string => (principal.kind === "guest" ? "" : principal.values.id);

/** Whether the rule allows the requester to act on the task. Superusers may do everything. */
export const isAllowed = async (
  reader: Reader,
  context: RecordContext,
  rule: Rule,
  { id, name, owner, input }: Pick<Task, "id" | "name" | "owner" | "input">,
): Promise<boolean> =>
  isSuperuser(context.principal) ||
  meetsRule(reader, { context, collection: COLLECTION, rule, values: { id: recordId(id), name, owner, input } });
