import { beforeAll, describe, expect, test } from "bun:test";
import { sql } from "../store/sql.ts";
import { errorText, play } from "../testing/scenario.ts";
import { startTestApp } from "../testing/test-app.ts";

const { app, url, define, log, admin } = await startTestApp({
  querySeconds: "1",
  readers: "2",
  maxAnswerMb: "4",
  maxExpand: "1000",
});
const text = { type: "text", name: "title", max: 1_000_000 };
await define({ name: "authors", listRule: "", viewRule: "", fields: [text] });
const authors = app.folder.registry.current.find("authors")!.id;
const author = { type: "relation", name: "author", collectionId: authors, maxSelect: 1 };
await define({ name: "posts", listRule: "", viewRule: "", createRule: "", fields: [text, author] });
await define({ name: "letters", listRule: "", viewRule: "", fields: [text] });

const id = (prefix: string, n: number): string => `${prefix}${String(n).padStart(15 - prefix.length, "0")}`;
const BOMB = `${"author.posts_via_author.".repeat(3)}title ~ 'post'`;
const CUT = errorText(400, "Something went wrong while processing your request.");
const list = (collection: string, query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Response> =>
  fetch(`${url}/api/collections/${collection}/records?${new URLSearchParams(query).toString()}`, {
    signal: signal ?? null,
  });

async function refusals(limit: string): Promise<number> {
  const metrics = await (await play(url, { path: "/api/metrics", token: admin })).text();
  return Number(new RegExp(`^headwater_refusals_total\\{limit="${limit}"\\} (\\d+)$`, "m").exec(metrics)?.[1] ?? 0);
}

beforeAll(async () => {
  await app.folder.store.write(async (tx) => {
    await tx.run(sql`INSERT INTO authors (id, title) VALUES (${id("a", 1)}, 'one'), (${id("a", 2)}, 'two')`);
    for (let n = 0; n < 300; n += 1) {
      await tx.run(sql`INSERT INTO posts (id, title, author) VALUES (${id("p", n)}, 'post', ${id("a", 1 + (n % 2))})`);
    }
    for (let n = 0; n < 100; n += 1) {
      await tx.run(sql`INSERT INTO letters (id, title) VALUES (${id("l", n)}, ${"é".repeat(20_000)})`);
    }
  });
});

describe("a list whose filter takes too long", () => {
  test("is cut with PocketBase's answer, while others are served", async () => {
    let others = 0;
    const bomb = list("posts", { filter: BOMB });
    const outcomes: Response[] = [];
    void bomb.then((response) => outcomes.push(response));
    while (outcomes.length === 0) {
      const [health, page] = await Promise.all([fetch(`${url}/api/health`), list("posts", { perPage: "5" })]);
      expect([health.status, page.status]).toEqual([200, 200]);
      others += 1;
    }
    expect(others).toBeGreaterThan(20);
    expect([outcomes[0]!.status, await outcomes[0]!.text()]).toEqual([400, CUT]);
    expect(log.some(({ msg }) => msg === "query cut")).toBe(true);
    expect(log.some(({ msg }) => msg === "request failed")).toBe(false);
  });

  test("is cut at once when its client leaves", async () => {
    const leaving = new AbortController();
    const abandoned = (): number => app.folder.store.readers!.cut.get("abandoned") ?? 0;
    const before = abandoned();
    const bomb = list("posts", { filter: BOMB }, leaving.signal).catch((error: unknown) => error);
    while (app.folder.store.readers!.busy === 0) await Bun.sleep(1);
    leaving.abort();
    await bomb;
    while (app.folder.store.readers!.busy > 0) await Bun.sleep(1);
    expect(abandoned()).toBe(before + 1);
  });

  test("leaves the readers to others when one client sends many", async () => {
    const bombs = Array.from({ length: 40 }, () => list("posts", { filter: BOMB }).then(({ status }) => status));
    const token = admin;
    const path = `/api/collections/posts/records?${new URLSearchParams({ filter: "author.posts_via_author.title ?= 'post'" }).toString()}`;
    expect((await play(url, { path, token })).status).toBe(200);
    const statuses = await Promise.all(bombs);
    expect(new Set(statuses)).toEqual(new Set([400, 429, 503]));
  });
});

test("a view whose rule takes too long is an error, not a record that doesn't exist", async () => {
  await define({
    name: "guarded",
    listRule: "",
    // All titles are equal, so it looks at every combination.
    viewRule: `@collection.posts:a.title ?!= @collection.posts:b.title || @collection.posts:b.title ?!= @collection.posts:c.title`,
    fields: [text],
  });
  await app.folder.store.write((tx) => tx.run(sql`INSERT INTO guarded (id, title) VALUES (${id("g", 1)}, 'one')`));
  const response = await fetch(`${url}/api/collections/guarded/records/${id("g", 1)}`);
  expect([response.status, await response.text()]).toEqual([400, CUT]);
});

describe("an answer", () => {
  const expand = "author.posts_via_author.author.posts_via_author";

  test("with more related records than the limit is refused by name", async () => {
    const response = await list("posts", { perPage: "300", expand });
    const message = "The expand parameter leads to more than 1000 records (--max-expand).";
    expect([response.status, await response.text()]).toEqual([400, errorText(400, message)]);
    expect(await refusals("limit_expand")).toBe(1);
  });

  test("that repeats records beyond the limit is refused by its size", async () => {
    const response = await list("posts", { perPage: "90", expand });
    expect([response.status, await response.text()]).toEqual([
      400,
      errorText(
        400,
        "The answer is larger than 4 MiB (--max-answer-mb). Ask for fewer records or for a shorter expand.",
      ),
    ]);
    expect(await refusals("limit_answer_bytes")).toBe(1);
  });

  test("of a write is no error, since the write is done: it has no related records", async () => {
    await app.settings.update(new Date(), (before) => ({ ...before, batch: { ...before.batch, enabled: true } }));
    const collection = "/api/collections/posts/records";
    const large = `${collection}?${new URLSearchParams({ expand: `${expand}.author.posts_via_author` }).toString()}`;
    const body = { author: id("a", 2), title: "written" };
    const path = `${collection}/${id("p", 1)}`;
    const one = await play(url, { method: "PATCH", path: large.replace(collection, path), body, token: admin });
    const batch = { requests: [{ method: "PATCH", url: large.replace(collection, path), body }] };
    const all = await play(url, { method: "POST", path: "/api/batch", body: batch, token: admin });
    const written = { id: id("p", 1), title: "written" };
    expect([one.status, await one.json()]).toMatchObject([200, written]);
    expect([all.status, await all.json()]).toMatchObject([200, [{ status: 200, body: written }]]);
    await play(url, { method: "PATCH", path, body: { title: "post" }, token: admin });
  });

  test("that is large comes in parts, with the same text as in one", async () => {
    const all = (await (await list("letters", { perPage: "100" })).json()) as { items: { title: string }[] };
    expect(all.items.length).toBe(100);
    expect(new Set(all.items.map(({ title }) => title))).toEqual(new Set(["é".repeat(20_000)]));
    const large = await (await list("posts", { perPage: "10", expand: "author.posts_via_author" })).text();
    const small = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        const page = await list("posts", { perPage: "1", page: String(n + 1), expand: "author.posts_via_author" });
        return ((await page.json()) as { items: unknown[] }).items[0];
      }),
    );
    expect(JSON.parse(large)).toEqual({ items: small, page: 1, perPage: 10, totalItems: 300, totalPages: 30 });
  });

  test("that is large has only the picked fields", async () => {
    const query = {
      perPage: "100",
      fields: "id,expand.author.expand.posts_via_author.title",
      expand: "author.posts_via_author",
    };
    const { items } = (await (await list("posts", query)).json()) as { items: unknown[] };
    const posts = Array.from({ length: 150 }, () => ({ title: "post" }));
    expect(items[7]).toEqual({ id: id("p", 7), expand: { author: { expand: { posts_via_author: posts } } } });
    const picked = (await (await list("letters", { perPage: "100", fields: "*,title:excerpt(3)" })).json()) as {
      items: object[];
    };
    expect(Object.keys(picked.items[0]!)).toEqual(["collectionId", "collectionName", "id", "title"]);
  });

  test("that nobody reads to its end is forgotten", async () => {
    const leaving = new AbortController();
    const response = await list("letters", { perPage: "100" }, leaving.signal);
    const reader = response.body!.getReader();
    await reader.read();
    leaving.abort();
    const metric = async (): Promise<string> => (await play(url, { path: "/api/metrics", token: admin })).text();
    while (!(await metric()).includes("headwater_streamed_answer_bytes 0")) await Bun.sleep(5);
  });
});

test("the readers have metrics", async () => {
  const metrics = await (await play(url, { path: "/api/metrics", token: admin })).text();
  for (const name of [
    "headwater_reader_queries",
    "headwater_reader_queue",
    'headwater_queries_cut_total{reason="overrun"}',
  ]) {
    expect(metrics).toContain(name);
  }
});
