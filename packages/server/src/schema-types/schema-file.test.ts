import { describe, expect, test } from "bun:test";
import { CollectionFixture } from "../testing/collection-fixture.ts";
import { collectionToJson } from "../collections/model/collection-json.ts";
import { applicationCollections, readCollectionDescriptions } from "./collection-description.ts";
import { schemaFile } from "./schema-file.ts";

const fixture = await CollectionFixture.open();
const text = (name: string, options: object = {}): object => ({ name, type: "text", ...options });
const relation = (name: string, collectionId: string, options: object = {}): object => ({
  name,
  type: "relation",
  collectionId,
  maxSelect: 1,
  ...options,
});

const users = (await fixture.schema()).find("users")!;
const authors = await fixture.create({
  name: "blog_authors",
  fields: [text("title", { required: true }), text("code", { required: true, autogeneratePattern: "[a-z]{5}" })],
});
await fixture.create({
  name: "profiles",
  fields: [
    relation("author", authors.id),
    relation("mfa", "pbc_2279338944"),
    text("secret_note"),
    text("x", { hidden: true }),
  ],
  indexes: ["CREATE UNIQUE INDEX `idx_author` ON `profiles` (`author`)"],
});
await fixture.create({ name: "posts", fields: [relation("writers", authors.id, { maxSelect: 3 })] });
await fixture.create({ name: "Blog_authors2", fields: [text("a")] });
await fixture.create({ name: "blogAuthors", fields: [text("a")] });
await fixture.create({ name: "titles", type: "view", viewQuery: "SELECT id, title FROM blog_authors" });
const { collections } = await fixture.schema();
const file = schemaFile(collections);

/** The lines of an interface, without their indentation. */
function membersOf(name: string): string[] {
  const [, body = ""] = new RegExp(`export interface ${name} \\{\\n([^]*?)\\n\\}\\n`).exec(file) ?? [];
  return body.split("\n").map((line) => line.trim());
}

describe("the schema", () => {
  test("lists the application's collections by name, without the server's", () => {
    expect(applicationCollections(collections).map(({ name }) => name)).toEqual([
      "Blog_authors2",
      "blogAuthors",
      "blog_authors",
      "posts",
      "profiles",
      "titles",
      "users",
    ]);
    expect(membersOf("Schema")).toContain(
      "readonly posts: { readonly record: PostsRecord; readonly create: PostsCreate; readonly update: PostsUpdate };",
    );
    expect(file).not.toContain("_mfas");
  });

  test("names types in Pascal case, with a number if the name is taken", () => {
    expect(membersOf("Schema").filter((member) => /author/i.test(member.split(":")[0]!))).toEqual([
      expect.stringContaining("BlogAuthors2Record"),
      expect.stringContaining("BlogAuthorsRecord"),
      expect.stringContaining("BlogAuthors3Record"),
    ]);
  });

  test("lets nobody write to a view", () => {
    expect(membersOf("Schema")).toContain(
      "readonly titles: { readonly record: TitlesRecord; readonly create: never; readonly update: never };",
    );
    expect(file).not.toContain("TitlesCreate");
  });
});

describe("a body", () => {
  test("must have required fields, unless they are generated", () => {
    expect(membersOf("BlogAuthors3Create")).toEqual([
      "readonly id?: string;",
      "readonly title: string;",
      "readonly code?: string | null;",
    ]);
  });

  test("of an update may leave out every field, but can't clear a required one", () => {
    expect(membersOf("BlogAuthors3Update")).toEqual(["readonly title?: string;", "readonly code?: string;"]);
    expect(membersOf("ProfilesUpdate")).toContain("readonly secret_note?: string | null;");
  });

  test("of an auth collection has the confirmation of the password", () => {
    expect(membersOf("UsersCreate")).toContain("readonly passwordConfirm: string;");
    expect(membersOf("UsersUpdate")).toContain("readonly oldPassword?: string;");
  });
});

describe("a record", () => {
  test("has its own collection's name, and no secrets", () => {
    expect(membersOf("UsersRecord")).toContain('readonly collectionName: "users";');
    expect(membersOf("UsersRecord").join("\n")).not.toMatch(/tokenKey|password/);
  });

  test("may lack hidden fields and the email", () => {
    expect(membersOf("ProfilesRecord")).toContain("readonly x?: string;");
    expect(membersOf("UsersRecord")).toContain("readonly email?: string;");
    expect(membersOf("UsersRecord")).toContain("readonly verified: boolean;");
  });

  test("expands relations and back-relations; a unique index makes a back-relation single", () => {
    expect(membersOf("PostsRecord")).toContain("readonly writers?: readonly BlogAuthors3Record[];");
    const members = membersOf("BlogAuthors3Record");
    expect(members).toContain("readonly posts_via_writers?: readonly PostsRecord[];");
    expect(members).toContain("readonly profiles_via_author?: ProfilesRecord;");
  });

  test("does not expand relations to the server's collections", () => {
    const members = membersOf("ProfilesRecord");
    expect(members).toContain("readonly mfa: string;");
    expect(members).not.toContainEqual(expect.stringContaining("readonly mfa?"));
  });
});

test("the API's page of collections gives the same file as the database", () => {
  const page = JSON.parse(JSON.stringify({ items: collections.map(collectionToJson) }));
  expect(schemaFile(readCollectionDescriptions(page))).toBe(file);
});

test("an unreadable page is refused", () => {
  expect(() => readCollectionDescriptions([])).toThrow("invalid formatting");
  expect(() => readCollectionDescriptions({ items: [{ ...users, fields: [{ type: "nope" }] }] })).toThrow();
});
