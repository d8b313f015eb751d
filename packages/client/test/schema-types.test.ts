import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { hasPocketBase, runCommand, type ServerKind } from "@headwater/testing/servers/server-command.ts";
import { type ServerProcess, startServer, SUPERUSER } from "@headwater/testing/servers/server-process.ts";
import { type TempDir, tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(120_000);

const ROOT = join(import.meta.dir, "../../..");

const POSTS = {
  name: "blog_posts",
  type: "base",
  listRule: "",
  fields: [
    { name: "title", type: "text", required: true },
    { name: "rank", type: "number" },
    { name: "state", type: "select", values: ["draft", "live"], maxSelect: 1 },
    { name: "tags", type: "select", values: ["red", "green"], maxSelect: 2 },
    { name: "author", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 1 },
    { name: "pictures", type: "file", maxSelect: 3 },
    { name: "place", type: "geoPoint" },
    { name: "note", type: "text", hidden: true },
    { name: "created", type: "autodate", onCreate: true },
  ],
};

/** An app that must compile. Lines marked `// title` must fail once the field `title` is renamed. */
const APP = `
import { createClient, filter, routed } from "@headwater/client";
import type { BlogPostsRecord, Schema } from "./schema.ts";

const client = createClient<Schema>("http://localhost");
const posts = client.collection("blog_posts");
const page = await posts.list({
  expand: ["author", "comments_via_post.post"],
  sort: ["-created", "title"], // title
  fields: ["id", "title:excerpt(20)"], // title
  filter: filter\`\${posts.field("title:lower")} ~ \${"x"} && \${posts.field("author.name")} != ""\`, // title
});
for (const post of page.items) {
  const text: string = post.title; // title
  const names: (string | undefined)[] = [post.expand?.author?.name, post.expand?.comments_via_post?.[0]?.text, text];
  const state: "draft" | "live" | "" = post.state;
  const latitude: number = post.place.lat;
  const hidden: string | undefined = post.note;
  console.log(names, state, latitude, hidden, post.tags.includes("red"), post.pictures[0]);
}
await posts.create({ title: "x", tags: ["red"], pictures: [new Blob([])], author: null }); // title
await posts.update("id", { "rank+": 1, "tags-": "red" });
for await (const event of client.realtime().subscribeToCollection("blog_posts", { expand: "author" })) {
  if (event.action === "resync" || event.action === "leave") continue;
  console.log(event.record.title, event.record.collectionName satisfies "blog_posts"); // title
}
posts.subscribe().forEach(routed<BlogPostsRecord>({ leave: ({ record }) => console.log(record.id) }));
const list = await posts.live({ sort: "-rank" });
console.log(list.items[0]?.title); // title

// @ts-expect-error no such collection
client.collection("blog_post");
// @ts-expect-error no such relation
await posts.list({ expand: "autor" });
// @ts-expect-error no such field
await posts.list({ sort: "-ranks" });
// @ts-expect-error no such field
posts.field("ranks");
// @ts-expect-error title is required
await posts.create({ rank: 1 });
// @ts-expect-error not one of the select values
await posts.update("id", { state: "gone" });
// @ts-expect-error set by the server
await posts.update("id", { created: "2020" });
// @ts-expect-error views are read-only
await client.collection("titles").create({ id: "x" });
// @ts-expect-error a leave event has only the id and collection
posts.subscribe().forEach((event) => event.action === "leave" && event.record.rank);
`;

let temp: TempDir;
beforeAll(() => (temp = tempDir()));
afterAll(() => temp[Symbol.dispose]());

/** Compiles the app. @returns the line numbers with errors, and the compiler's output */
async function check(schema: string): Promise<{ readonly lines: number[]; readonly text: string }> {
  const from = (path: string): string[] => [join(ROOT, path)];
  const config = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      paths: { "@headwater/client": from("packages/client/src/index.ts") },
      typeRoots: from("node_modules/@types"),
    },
    include: ["*.ts"],
  };
  await Bun.write(join(temp.path, "tsconfig.json"), JSON.stringify(config));
  await Bun.write(join(temp.path, "schema.ts"), schema);
  await Bun.write(join(temp.path, "app.ts"), APP);
  const tsc = Bun.spawn([join(ROOT, "node_modules/.bin/tsc"), "-p", temp.path, "--pretty", "false"], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const text = (await tsc.stdout.text()) + (await tsc.stderr.text());
  const lines = [...text.matchAll(/app\.ts\((\d+),/g)].map(([, line]) => Number(line));
  expect((await tsc.exited) === 0).toBe(text === "");
  return { lines: [...new Set(lines)].toSorted((a, b) => a - b), text };
}

const TITLE_LINES = APP.split("\n").flatMap((line, i) => (line.endsWith("// title") ? [i + 1] : []));

for (const kind of (hasPocketBase
  ? ["headwater", "pocketbase"]
  : ["headwater"]) satisfies ServerKind[] as ServerKind[]) {
  test(`an app compiles with the types of a ${kind} server, and fails to compile after a field is renamed`, async () => {
    await using server: ServerProcess = await startServer({ kind });
    const admin = await SuperuserClient.signIn(server.url);
    const { id } = await admin.createCollection(POSTS);
    await admin.createCollection({
      name: "comments",
      type: "base",
      fields: [
        { name: "text", type: "text" },
        { name: "post", type: "relation", collectionId: id, maxSelect: 1 },
      ],
    });
    await admin.createCollection({ name: "titles", type: "view", viewQuery: "SELECT id, rank FROM blog_posts" });
    const write = async (): Promise<string> => {
      const account = `${SUPERUSER.email}:${SUPERUSER.password}`;
      const result = await runCommand("headwater", ["types", "--url", server.url, "--superuser", account]);
      expect(result).toMatchObject({ code: 0, stderr: "" });
      return result.stdout;
    };
    const before = await write();
    expect(await check(before)).toEqual({ lines: [], text: "" });
    if (kind === "headwater") {
      // The data folder gives the same types while the server has it open.
      expect(await runCommand("headwater", ["types", "--dir", server.dir])).toEqual({
        code: 0,
        stdout: before,
        stderr: "",
      });
    }
    const { body } = await admin.request<{ fields: { name: string }[] }>("GET", "/api/collections/blog_posts");
    const fields = body.fields.map((field) => (field.name === "title" ? { ...field, name: "headline" } : field));
    await admin.updateCollection("blog_posts", { fields });
    const { lines, text } = await check(await write());
    expect(text).toContain("headline");
    expect(lines).toEqual(TITLE_LINES);
  });
}

test("a missing database and a wrong password are reported", async () => {
  const missing = join(temp.path, "nowhere");
  expect(await runCommand("headwater", ["types", "--dir", missing])).toMatchObject({
    code: 1,
    stderr: `There is no database in ${missing}. Name the data folder with --dir.\n`,
  });
  await using server = await startServer();
  const types = (account: string) =>
    runCommand("headwater", ["types", "--url", server.url, "--superuser", account]).then(({ code, stderr }) => [
      code,
      stderr.includes("answered 400"),
    ]);
  expect(await types("root@example.com:wrong-password")).toEqual([1, true]);
});
