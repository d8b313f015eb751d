import { expect, test } from "bun:test";
import type { ApiError } from "../../lib/api-error.ts";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { date, file, json, number, text } from "../collections/fields.ts";
import type { CreateInput } from "../collections/record-types.ts";

const things = defineCollection("things", {
  fields: { n: number(), title: text(), meta: json(), at: date(), attached: file() },
  createRule: "",
});
type Values = CreateInput<typeof things>;

const { app } = await openLibraryApp({ collections: [things] });
const { url } = app.start();
const count = async (): Promise<number> => (await app.records(things).list()).totalItems;

const circular: Record<string, unknown> = { list: [] };
circular["list"] = [circular];
const throwing = {
  toJSON: (): never => {
    throw new Error("not today");
  },
};

const UNWRITABLE: readonly (readonly [what: string, field: string, value: unknown, message: string])[] = [
  ["a BigInt", "n", 10n, "a BigInt"],
  ["NaN", "n", Number.NaN, "the number NaN"],
  ["Infinity", "n", Infinity, "the number Infinity"],
  ["a function", "title", () => "x", "a function"],
  ["a symbol", "title", Symbol("x"), "a symbol"],
  ["a nested BigInt", "meta", { rows: [{ total: 10n }] }, "a BigInt (at rows[0].total)"],
  ["a Map", "meta", new Map([["a", 1]]), "a Map"],
  ["a nested Set", "meta", { tags: new Set(["a"]) }, "a Set (at tags)"],
  ["a Promise", "title", Promise.resolve("x"), "a Promise"],
  ["a circular value", "meta", circular, "contains itself"],
  ["a value whose toJSON throws", "meta", throwing, "not today"],
  ["an invalid Date", "at", new Date(Number.NaN), "an invalid Date"],
  ["a Uint8Array", "attached", new Uint8Array(3), "a Uint8Array"],
];

const refused = (field: string, message: string): object => ({
  status: 400,
  data: { [field]: { code: "validation_invalid_value", message: expect.stringContaining(message) } },
});

test.each(UNWRITABLE)(
  "%s is refused with the field's name, and nothing is stored",
  async (_, field, value, message) => {
    const { id } = await app.records(things).create({ title: "kept" });
    const before = await count();
    const values = { title: "x", [field]: value } as Values;
    for (const write of [
      () => app.records(things).create(values),
      () => app.records(things).prepare(values),
      () => app.records(things).update(id, values),
      () => app.transaction((tx) => tx.records(things).create(values)),
      () => app.transaction((tx) => tx.records(things).update(id, values)),
    ]) {
      expect(await refusal(write())).toMatchObject(refused(field, message));
    }
    expect(await count()).toBe(before);
    expect(await app.records(things).get(id)).toMatchObject({ title: "kept", n: 0, meta: null });
  },
);

test("what a before hook sets is refused as well", async () => {
  app.before("create", things, ({ values }) => {
    if (values.title !== "hooked") return;
    (values as Record<string, unknown>)["meta"] = { total: 10n };
  });
  const before = await count();
  expect(await refusal(app.records(things).create({ title: "hooked" }))).toMatchObject(refused("meta", "a BigInt"));
  const body = JSON.stringify({ title: "hooked" });
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(`${url}/api/collections/things/records`, { method: "POST", headers, body });
  expect(answer.status).toBe(400);
  expect((await answer.json()) as ApiError).toMatchObject({ data: { meta: { code: "validation_invalid_value" } } });
  expect(await count()).toBe(before);
  app.before("update", things, ({ values }) => {
    if (values.title === "changed") (values as Record<string, unknown>)["meta"] = new Map();
  });
  const { id } = await app.records(things).create({ title: "kept" });
  expect(await refusal(app.records(things).update(id, { title: "changed" }))).toMatchObject(refused("meta", "a Map"));
  expect(await app.records(things).get(id)).toMatchObject({ title: "kept", meta: null });
});

test("what a within hook writes is refused as well, with the write that it belongs to", async () => {
  app.within("create", things, async ({ record, tx }) => {
    if (record.title === "outer") await tx.records(things).create({ title: "inner", meta: [() => {}] });
  });
  const before = await count();
  expect(await refusal(app.records(things).create({ title: "outer" }))).toMatchObject(refused("meta", "a function"));
  expect(await count()).toBe(before);
});

test("what JSON holds is stored as JSON holds it", async () => {
  const when = new Date("2026-01-02T03:04:05.678Z");
  const values = { n: 1, at: when, meta: { when, url: new URL("http://a.test/"), gone: undefined } } as Values;
  const { id } = await app.records(things).create({ ...values, title: undefined, attached: new File(["x"], "x.txt") });
  expect(await app.records(things).get(id)).toMatchObject({
    n: 1,
    title: "",
    meta: { when: "2026-01-02T03:04:05.678Z", url: "http://a.test/" },
    attached: expect.stringMatching(/^x.*\.txt$/),
  });
  expect((await app.records(things).get(id)).meta).not.toHaveProperty("gone");
});
