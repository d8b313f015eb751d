import { expect, test } from "bun:test";
import { HookRegistry, HookSet } from "../model/hook-registry.ts";
import { systemContext } from "../../auth/system-context.ts";
import type { Collection } from "../../collections/model/collection.ts";
import { toText } from "../../lib/text/coerce.ts";
import { GUEST } from "../../rules/principal.ts";
import { startTestApp } from "../../testing/test-app.ts";
import { assertWritable } from "../model/writable-collection.ts";
import type { BatchRequest } from "./batch-request.ts";
import { PlannedRecords } from "./planned-records.ts";

const { app, define, collection } = await startTestApp();
const field = { name: "title", type: "text" };
await define({ name: "tags", fields: [field] });
const relation = { name: "tag", type: "relation", collectionId: collection("tags").id, maxSelect: 1 };
await define({ name: "own", createRule: "@request.auth.id != ''", updateRule: "title != ''", fields: [field] });
await define({ name: "related", createRule: "tag.title != ''", updateRule: "", fields: [field, relation] });
await define({ name: "locked", fields: [field] });
await define({ name: "shown", type: "view", viewQuery: "select id, title from tags" });
await define({ name: "viewed", createRule: "@collection.shown.title ?!= ''", fields: [field] });

function request(target: Collection, id?: string, hooks?: HookRegistry): BatchRequest {
  assertWritable(target);
  const { registry, files } = app.folder;
  const context = {
    ...systemContext({ schema: registry.current, files, now: new Date(), background: () => {} }),
    principal: GUEST,
    ...(hooks && { hooks: { registry: hooks, principal: GUEST, depth: 0, tx: undefined } }),
  };
  return {
    action: "save",
    collection: target,
    id,
    context,
    submitted: { body: {}, files: new Map() },
    check: () => {},
  };
}

const after = (prepare: (planned: PlannedRecords) => void): PlannedRecords => {
  const planned = new PlannedRecords(app.folder.store);
  prepare(planned);
  return planned;
};
const values = () => ({ id: "x" }) as never;
const saved = (name: string, id?: string) => after((planned) => planned.save(collection(name), id, values));

test("the first request is checked as a whole, and what only superusers may do always", () => {
  expect(after(() => {}).checksOf(request(collection("related")), true)).toBe("all");
  const deleted = after((planned) => planned.delete(collection("tags"), "a"));
  expect(deleted.checksOf(request(collection("locked")), true)).toBe("rule");
});

test("a rule is checked before unless an earlier request may change its outcome", () => {
  expect(saved("own").checksOf(request(collection("own")), true)).toBe("rule");
  expect(saved("own").checksOf(request(collection("related")), true)).toBe("rule");
  expect(saved("tags").checksOf(request(collection("related")), true)).toBe("none");
  expect(saved("own").checksOf(request(collection("viewed")), true)).toBe("none");
  expect(saved("own", "a").checksOf(request(collection("own"), "a"), false)).toBe("none");
  expect(saved("own", "a").checksOf(request(collection("own"), "b"), false)).toBe("rule");
  const deleted = after((planned) => planned.delete(collection("locked"), "a"));
  expect(deleted.checksOf(request(collection("own")), true)).toBe("none");
});

test("within hooks may write anything", () => {
  const hooks = new HookRegistry();
  const set = new HookSet();
  set.add("within", "create", "tags", () => {});
  hooks.replace([set]);
  expect(saved("own").checksOf(request(collection("own"), undefined, hooks), true)).toBe("none");
});

test("a record is found as the requests before leave it", async () => {
  const own = collection("own");
  const planned = new PlannedRecords(app.folder.store);
  expect(await planned.find(own, "a")).toBeUndefined();
  planned.save(own, "a", (before) => ({ id: "a", title: `${toText(before?.["title"])}1` }) as never);
  planned.save(own, "a", (before) => ({ id: "a", title: `${toText(before?.["title"])}2` }) as never);
  expect(await planned.find(own, "a")).toMatchObject({ title: "12" });
  planned.delete(own, "a");
  expect(await planned.find(own, "a")).toBeUndefined();
});
