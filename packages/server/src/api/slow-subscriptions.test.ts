import { expect, test } from "bun:test";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { sql } from "../store/sql.ts";
import { startTestApp } from "../testing/test-app.ts";

// Without a budget of evaluations, only a query that is too slow leads to a resync.
const { app, url, define, add, log } = await startTestApp({ maxEvaluationPercent: "0" });
const title = { type: "text", name: "title" };
await define({ name: "authors", listRule: "", viewRule: "", fields: [title] });
const authors = app.folder.registry.current.find("authors")!.id;
const author = { type: "relation", name: "author", collectionId: authors, maxSelect: 1 };
await define({ name: "posts", listRule: "", viewRule: "", fields: [title, author] });
const one = "author000000001";

const topic = (query: Readonly<Record<string, string>>): string =>
  `posts/*?options=${encodeURIComponent(JSON.stringify({ query }))}`;
const BOMB = `${"author.posts_via_author.".repeat(3)}title ~ 'post'`;

test("what is too slow for events is a resync for its subscribers, and holds up no others", async () => {
  await app.folder.store.write(async (tx) => {
    await tx.run(sql`INSERT INTO authors (id, title) VALUES (${one}, 'one')`);
    const ids = JSON.stringify(Array.from({ length: 400 }, (_, n) => `post${String(n).padStart(11, "0")}`));
    await tx.run(sql`INSERT INTO posts (id, title, author) SELECT value, 'post', ${one} FROM json_each(${ids})`);
  });
  using attacker = await SseClient.connect(url);
  using honest = await SseClient.connect(url);
  const bombs = Array.from({ length: 8 }, (_, n) => topic({ filter: `${BOMB} && title != 'x${n}'` }));
  const expands = [topic({ expand: "author.posts_via_author.author.posts_via_author" })];
  await attacker.subscribe([...bombs, ...expands]);
  await honest.subscribe(["posts/*", topic({ filter: "author.title = 'one'" })]);

  for (const name of ["first", "second"]) await add("posts", { title: name, author: one });
  await honest.inbox.until((events) => events.length === 4);
  expect(honest.events.every(({ event }) => event !== "resync")).toBe(true);
  await attacker.inbox.until((events) => events.length > 0);
  expect(attacker.events.every(({ event }) => event === "resync")).toBe(true);
  expect(log.some(({ level }) => level === 50)).toBe(false);
});
