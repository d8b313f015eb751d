import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type PocketBase from "pocketbase";
import { ClientResponseError } from "pocketbase";
import { ARTICLES, PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { sdk, signUp, superuserSdk, userId } from "@headwater/testing/clients/sdk.ts";

setDefaultTimeout(60_000);

let server: ServerProcess;
let superuser: PocketBase;

beforeAll(async () => {
  server = await startServer();
  superuser = await superuserSdk(server.url);
  await superuser.collections.create(PUBLIC_NOTES);
  await superuser.collections.create(ARTICLES);
});

afterAll(() => server[Symbol.asyncDispose]());

/** The status and response of the error that the SDK throws for a refused request. */
async function refusal(request: Promise<unknown>): Promise<{ status: number; response: unknown }> {
  const error = await request.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ClientResponseError)) throw new Error(`the request was not refused: ${String(error)}`);
  return { status: error.status, response: error.response };
}

describe("signing in", () => {
  test("a user signs up, signs in, and refreshes the token", async () => {
    const pb = await signUp(server.url, "signer");
    expect(pb.authStore.isValid).toBe(true);
    expect(pb.authStore.record).toMatchObject({
      collectionName: "users",
      email: "signer@example.com",
      verified: false,
    });
    const { token, record } = await pb.collection("users").authRefresh();
    expect(record.id).toBe(userId(pb));
    expect(pb.authStore.token).toBe(token);
    expect(record).not.toHaveProperty("password");
    expect(record).not.toHaveProperty("tokenKey");
  });

  test("isSuperuser is true for a superuser", () => {
    expect(superuser.authStore.isSuperuser).toBe(true);
  });

  test("a wrong password gets an error without details", async () => {
    expect(await refusal(sdk(server.url).collection("users").authWithPassword("nobody@example.com", "wrong"))).toEqual({
      status: 400,
      response: { data: {}, message: "Failed to authenticate.", status: 400 },
    });
  });

  test("listAuthMethods returns the enabled methods", async () => {
    const methods = await sdk(server.url).collection("users").listAuthMethods();
    expect(methods.password).toEqual({ enabled: true, identityFields: ["email"] });
    expect(methods.oauth2.enabled).toBe(false);
  });

  test("a guest cannot refresh a token", async () => {
    expect(await refusal(sdk(server.url).collection("users").authRefresh())).toMatchObject({ status: 401 });
  });
});

describe("records", () => {
  test("are created, read, updated and deleted", async () => {
    const notes = sdk(server.url).collection("notes");
    const created = await notes.create({ title: "first", count: 1 });
    expect(created).toMatchObject({ title: "first", count: 1, collectionName: "notes" });
    expect(created.id).toMatch(/^[a-z0-9]{15}$/);
    expect(await notes.getOne(created.id)).toEqual(created);
    const updated = await notes.update(created.id, { "count+": 4 });
    expect(updated).toMatchObject({ title: "first", count: 5, created: created["created"] });
    expect(await notes.delete(created.id)).toBe(true);
    expect(await refusal(notes.getOne(created.id))).toEqual({
      status: 404,
      response: { data: {}, message: "The requested resource wasn't found.", status: 404 },
    });
  });

  test("are filtered, sorted, paged and expanded", async () => {
    const author = await signUp(server.url, "author");
    const articles = superuser.collection("articles");
    for (const rank of [3, 1, 4, 1, 5]) {
      await articles.create({ title: `rank ${rank}`, rank, author: userId(author) });
    }
    const page = await author.collection("articles").getList(2, 2, {
      filter: author.filter("rank > {:low} && title ~ {:word}", { low: 0, word: "rank" }),
      sort: "-rank,title",
      expand: "author",
    });
    expect(page).toMatchObject({ page: 2, perPage: 2, totalItems: 5, totalPages: 3 });
    expect(page.items.map(({ rank }) => rank)).toEqual([3, 1]);
    expect(page.items[0]!.expand).toMatchObject({
      author: { id: userId(author), email: "author@example.com" },
    });
    const all: unknown[] = await author.collection("articles").getFullList({ batch: 2, fields: "rank", sort: "rank" });
    expect(all).toEqual([1, 1, 3, 4, 5].map((rank) => ({ rank })));
    const first: unknown = await author.collection("articles").getFirstListItem("rank = 5", { fields: "title" });
    expect(first).toEqual({ title: "rank 5" });
  });

  test("that fail validation are refused with the field and the reason", async () => {
    expect(await refusal(superuser.collection("articles").create({ title: "x" }))).toEqual({
      status: 400,
      response: {
        data: {
          title: {
            code: "validation_min_text_constraint",
            message: "Must be at least 3 character(s).",
            params: { min: 3 },
          },
        },
        message: "Failed to create record.",
        status: 400,
      },
    });
  });

  test("cannot be created by users if the rule is null", async () => {
    const user = await signUp(server.url, "writer");
    expect(await refusal(user.collection("articles").create({ title: "mine" }))).toMatchObject({ status: 403 });
  });
});

describe("files", () => {
  test("are uploaded with a form and served at their URL", async () => {
    const form = new FormData();
    form.append("title", "with files");
    form.append("pictures", new File(["first file"], "one.txt", { type: "text/plain" }));
    form.append("pictures", new File(["second file"], "two.txt", { type: "text/plain" }));
    const article = await superuser.collection("articles").create(form);
    expect(article["pictures"]).toEqual([
      expect.stringMatching(/^one_\w{10}\.txt$/),
      expect.stringMatching(/^two_\w{10}\.txt$/),
    ]);
    const response = await fetch(superuser.files.getURL(article, article["pictures"][1]));
    expect(response.headers.get("content-type")).toStartWith("text/plain");
    expect(await response.text()).toBe("second file");

    const without = await superuser.collection("articles").update(article.id, { "pictures-": article["pictures"][0] });
    expect(without["pictures"]).toEqual([article["pictures"][1]]);
    expect((await fetch(superuser.files.getURL(article, article["pictures"][0]))).status).toBe(404);
  });

  test("that are protected need a file token", async () => {
    const form = new FormData();
    form.append("title", "with a secret");
    form.append("draft", new File(["secret"], "draft.txt"));
    const article = await superuser.collection("articles").create(form);
    await superuser.collections.update("articles", { viewRule: null });
    expect((await fetch(superuser.files.getURL(article, article["draft"]))).status).toBe(404);
    const token = await superuser.files.getToken();
    const response = await fetch(superuser.files.getURL(article, article["draft"], { token }));
    expect(await response.text()).toBe("secret");
    await superuser.collections.update("articles", { viewRule: "" });
  });
});
