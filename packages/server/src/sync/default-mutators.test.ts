import { expect, test } from "bun:test";
import { ANN, BOB, id, SyncFixture } from "../testing/sync-fixture.ts";
import { applyWrite, isSlow, prepareWrite, readRecordWrite } from "./default-mutators.ts";

const fixture = await SyncFixture.open();
const { records, store } = fixture;
await records.setRule("notes", "createRule", "owner = @request.auth.id");
await records.setRule("notes", "updateRule", "owner = @request.auth.id");
await fixture.createNote("mine", { owner: ANN, title: "old" });
await fixture.createNote("theirs", { owner: BOB });

const read = async (name: string, args: unknown) =>
  readRecordWrite(
    { clientID: "c", id: 1, name, args },
    records.context({ as: await records.principal("people", ANN) }),
  );

const apply = async (name: string, args: unknown): Promise<unknown> => {
  const write = await read(name, args);
  const prepared = await prepareWrite(store, write);
  return store.write((tx) => applyWrite(tx, prepared)).catch((error: unknown) => error);
};

const title = async (name: string): Promise<unknown> => (await records.row("notes", id(name)))?.["title"];

test("create, update and delete write one record under the rules of the requester", async () => {
  await apply("create", { collection: "notes", id: id("new"), data: { owner: ANN, title: "new" } });
  expect(await title("new")).toBe("new");
  await apply("update", { collection: "notes", id: id("mine"), data: { title: "changed" } });
  expect(await title("mine")).toBe("changed");
  const refused = await apply("update", { collection: "notes", id: id("theirs"), data: { title: "changed" } });
  expect(refused).toMatchObject({ status: 404 });
  expect(await apply("delete", { collection: "notes", id: id("mine") })).toMatchObject({ status: 403 });
});

test("the client's id wins over an id in the data of a create", async () => {
  const { context } = await read("create", { collection: "notes", id: id("own"), data: { id: id("other") } });
  expect(context.body).toEqual({ id: id("own") });
  expect(context.method).toBe("POST");
});

test.each([
  ["vote", { collection: "notes", id: "x" }, 400],
  ["create", { collection: "notes", id: "" }, 400],
  ["create", "notes", 400],
  ["update", { collection: "missing", id: "x" }, 404],
])("%s with %p is refused", async (name, args, status) => {
  const refused = read(name, args);
  expect(await refused.catch((error: unknown) => error)).toMatchObject({ status });
});

test("a write of a password is slow, any other is not", async () => {
  const write = (data: object) => read("update", { collection: "people", id: ANN, data });
  expect(isSlow(await write({ password: "a new one" }))).toBe(true);
  expect(isSlow(await write({ nick: "Ann" }))).toBe(false);
});
