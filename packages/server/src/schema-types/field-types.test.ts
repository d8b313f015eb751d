import { expect, test } from "bun:test";
import { parseField } from "../collections/fields/field-kinds.ts";
import { fieldTypes } from "./field-types.ts";

const typesOf = (options: object) => fieldTypes(parseField({ name: "f", ...options }));

const GEO_POINT = "{ readonly lon: number; readonly lat: number }";
const TAGS = '"a" | "b"';

test.each([
  [{ type: "text" }, "string", "string"],
  [{ type: "date" }, "string", "string | Date"],
  [{ type: "bool" }, "boolean", "boolean"],
  [{ type: "json" }, "unknown", "unknown"],
  [{ type: "geoPoint" }, GEO_POINT, GEO_POINT],
  [{ type: "number" }, "number", "number"],
  [{ type: "relation", maxSelect: 1 }, "string", "string"],
  [{ type: "file", maxSelect: 1 }, "string", "string | Blob"],
])("%p reads %p and writes %p", (options, read, write) => {
  expect(typesOf(options)).toMatchObject({ read, write });
});

test("an autodate is only read, and a password only written", () => {
  expect(typesOf({ type: "autodate", onCreate: true })).toEqual({ read: "string" });
  expect(typesOf({ type: "password" })).toEqual({ write: "string" });
});

test('a select of one value has its values as type, and "" unless it is required', () => {
  const select = { type: "select", values: ["a", "b"], maxSelect: 1 };
  expect(typesOf(select)).toEqual({ read: `${TAGS} | ""`, write: `${TAGS} | ""` });
  expect(typesOf({ ...select, required: true })).toEqual({ read: TAGS, write: TAGS });
});

test("a list field reads a list, and writes a list or one value", () => {
  expect(typesOf({ type: "select", values: ["a", "b"], maxSelect: 2 })).toEqual({
    read: `readonly (${TAGS})[]`,
    write: `${TAGS} | readonly (${TAGS})[]`,
    modifiers: { keys: ["+f", "f+", "f-"], accepts: `${TAGS} | readonly (${TAGS})[]` },
  });
  expect(typesOf({ type: "relation", maxSelect: 2 }).read).toBe("readonly (string)[]");
});

test("a number can be added to, and a single file removed", () => {
  expect(typesOf({ type: "number" }).modifiers).toEqual({ keys: ["f+", "f-"], accepts: "number" });
  expect(typesOf({ type: "file", maxSelect: 1 }).modifiers).toEqual({ keys: ["f-"], accepts: "string" });
  expect(typesOf({ type: "text" }).modifiers).toBeUndefined();
});

test("files of a list are removed by name and added as blobs", () => {
  expect(typesOf({ type: "file", maxSelect: 2 })).toEqual({
    read: "readonly (string)[]",
    write: "string | Blob | readonly (string | Blob)[]",
    modifiers: { keys: ["+f", "f+", "f-"], accepts: "string | Blob | readonly (string | Blob)[]" },
  });
});
