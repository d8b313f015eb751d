import fc from "fast-check";
import { area } from "../lib/area.ts";
import { COLLECTIONS } from "../lib/schema.ts";
import { anyText, mutated } from "../lib/texts.ts";
import { anyValue, recordValues } from "../lib/value-grammar.ts";
import { ROLES } from "../lib/world.ts";

const account = fc.record(
  {
    identity: fc.oneof(anyText, fc.constant("fuzz@example.com")),
    password: fc.oneof(anyText, anyValue),
    identityField: anyText,
    mfaId: anyText,
  },
  { requiredKeys: [] },
);
const task = fc.record({ name: anyText, input: anyValue, key: anyValue }, { requiredKeys: [] });

/** Methods and paths that take JSON; `ID` is a stored record. */
const TARGETS = [
  ["POST", "/api/collections/things/records"],
  ["PATCH", "/api/collections/things/records/ID"],
  ["DELETE", "/api/collections/things/records/ID0"],
  ["POST", "/api/collections/users/records"],
  ["POST", "/api/collections/users/auth-with-password"],
  ["POST", "/api/collections/users/auth-refresh"],
  ["POST", "/api/collections/users/impersonate/ID"],
  ["POST", "/api/tasks"],
  ["POST", "/api/files/token"],
] as const;

const type = fc.constantFrom(
  "application/json",
  "application/json; charset=utf-16",
  "application/x-www-form-urlencoded",
  "text/plain",
  "",
);

/** JSON bodies of records, accounts and tasks. */
export const json = area(
  "json",
  fc.record({
    target: fc.constantFrom(...TARGETS),
    collection: fc.constantFrom("things", "things", "things", ...COLLECTIONS),
    as: fc.constantFrom(...ROLES),
    type: fc.oneof({ weight: 6, arbitrary: fc.constant("application/json") }, { weight: 1, arbitrary: type }),
    body: mutated(fc.oneof(recordValues, account, task, anyValue).map((value) => JSON.stringify(value) ?? "")),
  }),
  async (world, { target: [method, path], collection, as, type: contentType, body }) => {
    const target = path.replace("things", collection).replace("ID", world.record);
    await world.send({ method, path: target, as, body, headers: { "content-type": contentType } });
  },
);
