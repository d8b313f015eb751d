import { expect, test } from "bun:test";
import { GUEST, type Principal } from "../rules/principal.ts";
import { authCollection } from "../testing/auth-collection.ts";
import { PASSWORD, RecordFixture } from "../testing/record-fixture.ts";
import { defineTask } from "./definition.ts";
import { isAllowed, ownerOf } from "./task-rules.ts";

const fixture = await RecordFixture.open([authCollection("people", {})]);
const ids = ["ann", "bob"].map((name) => name.padEnd(15, "0")) as [string, string];
for (const [i, id] of ids.entries()) {
  const account = { id, nick: id, email: `${i}@example.com`, password: PASSWORD, passwordConfirm: PASSWORD };
  await fixture.create("people", { as: fixture.superuser(), body: account });
}
const [ann, bob] = (await Promise.all(ids.map((id) => fixture.principal("people", id)))) as [Principal, Principal];
const task = { id: "t", name: "import", owner: ownerOf(ann), input: { size: 3 } };

const allowed = (as: Principal, rule: string | null): Promise<boolean> =>
  isAllowed(fixture.store, fixture.context({ as }), rule, task);

test("a task belongs to the account that starts it", () => {
  expect([ownerOf(ann), ownerOf(GUEST)]).toEqual([ids[0], ""]);
});

test("the default rule for cancelling admits only the owner", async () => {
  const { cancelRule } = defineTask("import", () => {});
  expect([await allowed(ann, cancelRule), await allowed(bob, cancelRule), await allowed(GUEST, cancelRule)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("rules read the task's name, owner and input", async () => {
  expect(await allowed(bob, "name = 'import' && input.size > 2")).toBe(true);
  expect(await allowed(bob, "input.size > 3")).toBe(false);
});

test("null admits only superusers, an empty rule everyone", async () => {
  expect([await allowed(ann, null), await allowed(fixture.superuser(), null)]).toEqual([false, true]);
  expect(await allowed(GUEST, "")).toBe(true);
});
