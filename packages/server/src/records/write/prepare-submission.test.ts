import { describe, expect, test } from "bun:test";
import { ApiError } from "../../lib/api-error.ts";
import { PASSWORD, type RecordRequest, RecordFixture } from "../../testing/record-fixture.ts";
import { createRecord } from "./create-record.ts";
import { prepareSubmission } from "./prepare-submission.ts";
import { assertWritable } from "../model/writable-collection.ts";
import type { RecordContext } from "../model/record-context.ts";
import type { PreparedSubmission } from "../model/submission.ts";
import { updateRecord } from "./update-record.ts";

const fixture = await RecordFixture.open([
  {
    name: "staff",
    type: "auth",
    createRule: "name != 'forbidden'",
    updateRule: "",
    manageRule: "verified = true",
    fields: [
      { name: "name", type: "text", max: 10 },
      { name: "photo", type: "file" },
    ],
  },
]);
const staff = fixture.collection("staff");
assertWritable(staff);
const passwords = { password: PASSWORD, passwordConfirm: PASSWORD };
const as = fixture.superuser();
let made = 0;
const account = async (values: object = {}): Promise<string> =>
  (await fixture.create("staff", { as, body: { email: `p${++made}@example.com`, ...passwords, ...values } })).body.id;

const prepare = (
  id: string | undefined,
  { body = {}, files = {}, ...request }: RecordRequest,
  context: Partial<RecordContext> = {},
): Promise<PreparedSubmission> =>
  prepareSubmission(fixture.store, { ...fixture.context({ body, ...request }), ...context }, staff, id, {
    body,
    files: new Map(Object.entries(files)),
  });

class UnreadableFile extends File {
  override slice(): never {
    throw new Error("the file was read");
  }
}

const statusOf = (work: Promise<unknown>): Promise<number> =>
  work.then(
    () => 200,
    (error: unknown) => (error instanceof ApiError ? error.status : 500),
  );

describe("a bad submission is rejected before the slow work", () => {
  test.each<[string, RecordRequest["body"]]>([
    ["by the rule", { ...passwords, email: "r@example.com", name: "forbidden" }],
    ["by the checks for accounts", { password: PASSWORD, email: "r@example.com" }],
    ["by the validation of a field", { ...passwords, email: "r@example.com", name: "x".repeat(11) }],
  ])("%s", async (_name, body) => {
    expect(await statusOf(prepare(undefined, { body: body! }))).toBe(400);
  });

  test("and before anybody looks at its files", async () => {
    const photo = new UnreadableFile(["<!--".repeat(1_000)], "photo.png");
    const body = { ...passwords, email: "r@example.com", name: "forbidden" };
    expect(await statusOf(prepare(undefined, { body, files: { photo: [photo] } }))).toBe(400);
    expect(await statusOf(prepare("missing", { body: {}, files: { photo: [photo] } }))).toBe(404);
  });

  test("if it has a file with the name of a side-car", async () => {
    const body = { ...passwords, email: "r@example.com" };
    expect(await statusOf(prepare(undefined, { body, files: { photo: [new File(["x"], "a.attrs")] } }))).toBe(400);
    expect(await statusOf(prepare(await account(), { as, files: { photo: [new File(["x"], ".attrs")] } }))).toBe(400);
  });

  test("but not in a batch, where an earlier part may make it valid", async () => {
    const body = { ...passwords, email: "r@example.com", name: "forbidden" };
    const { hashes } = await prepare(undefined, { body }, { context: "batch" });
    expect(await Bun.password.verify(PASSWORD, hashes.get("password")!)).toBe(true);
  });
});

test("a submission without slow work is left to the transaction", async () => {
  const submission = await prepare("missing", { body: { name: "x".repeat(11) } });
  expect(submission).toMatchObject({ id: "missing", uploads: new Map(), hashes: new Map() });
});

test("a matched old password is void once the stored one changes", async () => {
  const id = await account();
  const self = { as: await fixture.principal("staff", id) };
  const changed = { password: "new1234567", passwordConfirm: "new1234567" };
  const body = { ...changed, oldPassword: PASSWORD };
  const submission = await prepare(id, { ...self, body });
  await fixture.update("staff", id, { as, body: changed });
  const late = fixture.store.write((tx) => updateRecord(tx, fixture.context({ ...self, body }), staff, id, submission));
  expect(await statusOf(late)).toBe(400);
});

test("a new account can't become a manager by claiming to be verified", async () => {
  const self = { as: await fixture.principal("staff", await account()) };
  const body = { ...passwords, email: "v@example.com", verified: true };
  expect((await fixture.create("staff", { ...self, body })).body.data).toMatchObject({
    verified: { code: "validation_values_mismatch" },
  });
});

test("a sign-up through a provider gets a password that nobody knows", async () => {
  const body = { email: "o@example.com" };
  const context = { ...fixture.context({ body }), context: "oauth2" as const };
  const submission = await prepare(undefined, { body }, context);
  const record = await fixture.store.write((tx) => createRecord(tx, context, staff, submission));
  expect(record["password"]).toMatch(/^\$2a\$10\$/);
});

test("`discard` deletes the submission's files and no others", async () => {
  const id = await account();
  const photo = async (): Promise<PreparedSubmission> =>
    prepare(id, { as, files: { photo: [new File(["x"], "photo.txt")] } });
  const [kept, dropped] = [await photo(), await photo()];
  await dropped.discard();
  const stored = async ({ uploads }: PreparedSubmission): Promise<boolean[]> =>
    Promise.all([...uploads.keys()].map((name) => Bun.file(fixture.path("staff", id, name)).exists()));
  expect([await stored(kept), await stored(dropped)]).toEqual([[true], [false]]);
});
