import { expect, expectTypeOf, test } from "bun:test";
import type { App } from "../create-app.ts";
import { defineCollection } from "./define-collection.ts";
import {
  autodate,
  bool,
  date,
  file,
  type GeoPoint,
  geoPoint,
  json,
  number,
  password,
  relation,
  select,
  text,
} from "./fields.ts";
import type { CreateInput, RecordOf, UpdateInput } from "./record-types.ts";

const users = defineCollection("users", { type: "auth", fields: { name: text(), avatar: file() } });
const posts = defineCollection("posts", {
  fields: {
    title: text({ required: true }),
    slug: text({ required: true, autogeneratePattern: "[a-z]{8}" }),
    author: relation(users, { required: true }),
    readers: relation(users, { max: 10 }),
    parent: relation("posts"),
    tags: select(["red", "green"], { max: 2 }),
    state: select(["draft", "live"]),
    rating: number(),
    open: bool(),
    due: date(),
    where: geoPoint(),
    meta: json<{ pages: number }>(),
    images: file({ max: 5 }),
    note: text({ hidden: true }),
    pin: password(),
    created: autodate(),
  },
  listRule: "",
});

/** Never run: the type checker is the test. */
export async function typed(app: App): Promise<void> {
  const records = app.records(posts);
  await records.create({ title: "A", author: "u" });
  await records.create({ title: "A", author: "u", tags: ["red"], due: new Date(), images: [new File([], "a")] });
  // @ts-expect-error -- the title is required
  await records.create({ author: "u" });
  // @ts-expect-error -- no such field
  await records.create({ title: "A", author: "u", titel: "B" });
  // @ts-expect-error -- a number is not a text
  await records.create({ title: 1, author: "u" });
  // @ts-expect-error -- none of the choices
  await records.create({ title: "A", author: "u", tags: ["blue"] });
  // @ts-expect-error -- one choice, not a list
  await records.create({ title: "A", author: "u", state: ["draft"] });
  // @ts-expect-error -- the server sets it
  await records.create({ title: "A", author: "u", created: "2026-01-01" });

  await records.update("id", { "rating+": 1, "tags-": "red", "+images": new File([], "a") });
  // @ts-expect-error -- a text has nothing to add to
  await records.update("id", { "title+": "A" });
  // @ts-expect-error -- a number can't be put in front
  await records.update("id", { "+rating": 1 });
  // @ts-expect-error -- no such choice to add
  await records.update("id", { "tags+": "blue" });

  const post = await records.get("id", { expand: "author,parent" });
  post.title satisfies string;
  post.expand?.author?.name satisfies string | undefined;
  post.expand?.readers?.[0]?.name satisfies string | undefined;
  post.expand?.parent?.["anything"] satisfies unknown;
  post.expand?.comments_via_post satisfies unknown;
  // @ts-expect-error -- no such field
  void post.titel;
  // @ts-expect-error -- passwords are not read
  void post.pin;
  // @ts-expect-error -- a hidden field may be missing
  post.note satisfies string;
  // @ts-expect-error -- a record is what was read: to change it is to update it
  post.title = "B";

  await app.records(users).create({ email: "a@example.com", password: "12345678" });
  // @ts-expect-error -- an account needs a password
  await app.records(users).create({ email: "a@example.com" });

  const other = await app.records("anything").create({ whatever: 1 });
  other["whatever"] satisfies unknown;

  app.before("create", posts, (event) => {
    event.values.slug = event.values.title?.toLowerCase();
    // @ts-expect-error -- no such field
    event.values.titel = "A";
    // @ts-expect-error -- nothing is stored yet
    void event.record;
  });
  app.before("update", posts, (event) => void (event.values.rating = event.record.rating + 1));
  app.within("update", posts, (event) => void (event.previous.title === event.record.title && event.tx.records(users)));
  app.after("delete", posts, (event) => {
    event.record.tags satisfies readonly ("red" | "green")[];
    // @ts-expect-error -- what was deleted is the record
    void event.previous;
  });
  // @ts-expect-error -- no such action
  app.after("remove", posts, () => {});

  app.route("GET", "/api/:space/posts/:id", ({ params }) => {
    params satisfies { readonly space: string; readonly id: string };
    // @ts-expect-error -- no such parameter
    return params.name;
  });

  // @ts-expect-error -- no such option
  text({ requird: true });
  // @ts-expect-error -- texts have no thumbs
  text({ thumbs: ["10x10"] });
}

test("records of a defined collection have the types of its fields", () => {
  type Post = RecordOf<typeof posts>;
  expectTypeOf<Post["tags"]>().toEqualTypeOf<readonly ("red" | "green")[]>();
  expectTypeOf<Post["state"]>().toEqualTypeOf<"draft" | "live" | "">();
  expectTypeOf<Post["where"]>().toEqualTypeOf<GeoPoint>();
  expectTypeOf<Post["meta"]>().toEqualTypeOf<{ pages: number } | null>();
  expectTypeOf<Post["collectionName"]>().toEqualTypeOf<"posts">();
  expectTypeOf<Post["note"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<CreateInput<typeof posts>["due"]>().toEqualTypeOf<string | Date | undefined>();
  expectTypeOf<UpdateInput<typeof posts>["rating+"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<RecordOf<string>["anything"]>().toEqualTypeOf<unknown>();
});

test("a definition is plain data, in PocketBase's form", () => {
  expect(posts.fields.tags).toEqual({ type: "select", options: { values: ["red", "green"], maxSelect: 2 } });
  expect(posts.fields.author.options).toEqual({ collectionId: "users", maxSelect: 1, required: true });
  expect(posts.options).toEqual({ listRule: "" });
});
