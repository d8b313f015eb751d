import { expect, test } from "bun:test";
import { openFolder } from "../../app/folder.ts";
import { sql } from "../../store/sql.ts";
import { openLibraryApp, refusal } from "../../testing/library-app.ts";
import { play } from "../../testing/scenario.ts";
import { defineCollection } from "../collections/define-collection.ts";
import { text } from "../collections/fields.ts";

const posts = defineCollection("posts", { fields: { title: text({ required: true }) }, listRule: "" });
const open = () => openLibraryApp({ collections: [posts] });

test("after hooks run once for each change, in order, whichever process made it", async () => {
  const { app } = await open();
  const seen: string[] = [];
  const last = Promise.withResolvers<void>();
  app.after("create", posts, async ({ record }) => {
    await Bun.sleep(1);
    seen.push(record.title);
  });
  app.after("update", posts, ({ record, previous }) => void seen.push(`${previous.title} to ${record.title}`));
  app.after("delete", posts, ({ record, time }) => {
    seen.push(`${record.title} gone`);
    expect(time).toBeInstanceOf(Date);
    last.resolve();
  });
  const ids = await Promise.all(["1", "2", "3"].map((title) => app.records(posts).create({ title })));
  await app.records(posts).update(ids[0]!.id, { title: "one" });

  const other = await openFolder(app.config.dir);
  const { id } = other.registry.current.find("posts")!;
  await other.store.write((tx) =>
    tx.run(sql`INSERT INTO _changes (time, collection, record, action, before, after)
      VALUES (0, ${id}, 'r', 'delete', ${JSON.stringify({ id: "r", title: "other's" })}, NULL)`),
  );
  await other.close();
  await last.promise;
  expect(seen).toEqual(["1", "2", "3", "1 to one", "other's gone"]);
});

test("a transaction that is rolled back runs no after hooks", async () => {
  const { app } = await open();
  const seen: string[] = [];
  const last = Promise.withResolvers<void>();
  app.after("create", posts, ({ record }) => {
    seen.push(record.title);
    if (record.title === "last") last.resolve();
  });
  const undone = app.transaction(async (tx) => {
    await tx.records(posts).create({ title: "undone" });
    throw new Error("undo");
  });
  await refusal(undone);
  await app.records(posts).create({ title: "last" });
  await last.promise;
  expect(seen).toEqual(["last"]);
});

test("an error in an after hook is logged, and a slow hook delays neither writes nor streams", async () => {
  const { app, logged, log } = await open();
  const release = Promise.withResolvers<void>();
  const ran = Promise.withResolvers<void>();
  app.after("create", posts, ({ record }) => {
    if (record.title === "fails") throw new Error("mine");
  });
  app.after("create", posts, async ({ record }) => {
    if (record.title === "fails") await release.promise;
    else ran.resolve();
  });
  const { url } = app.start();
  const stream = await fetch(`${url}/api/realtime`);
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  let received = "";
  const until = async (part: string): Promise<void> => {
    while (!received.includes(part)) received += (await reader.read()).value ?? "";
  };
  await until("\n\n");
  const { clientId } = JSON.parse(/data:(.*)/.exec(received)![1]!) as { clientId: string };
  await play(url, { method: "POST", path: "/api/realtime", body: { clientId, subscriptions: ["posts/*"] } });
  await app.records(posts).create({ title: "fails" });
  await app.records(posts).create({ title: "second" });
  await until('"second"');
  expect(await logged("an after hook failed")).toMatchObject({ err: { message: "mine" }, level: 50 });
  release.resolve();
  await ran.promise;
  expect(log.filter(({ msg }) => msg === "an after hook failed")).toHaveLength(1);
  await reader.cancel();
});
