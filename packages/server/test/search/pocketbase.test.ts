import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { request } from "@headwater/testing/clients/request.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(120_000);

const isInstalled = Bun.which("pocketbase") !== null;
if (!isInstalled) process.stdout.write("skipped, no pocketbase on the PATH: a folder with a search index\n");

const found = async (url: string, search: string): Promise<readonly string[]> => {
  for (;;) {
    const { status, text } = await request(url, "GET", `/api/collections/notes/records?search=${search}`);
    if (status === 503) continue;
    expect({ status, text }).toMatchObject({ status: 200 });
    return (JSON.parse(text) as { items: { title: string }[] }).items.map(({ title }) => title);
  }
};

test.skipIf(!isInstalled)("PocketBase opens a folder with a search index, and may change all of it", async () => {
  using temp = tempDir();
  const dir = join(temp.path, "pb_data");
  const search = { fields: ["title", "text"], tokenizer: "unicode61", weights: { text: 2 } };
  let id = "";
  {
    await using server = await startServer({ kind: "headwater", dir });
    const superuser = await SuperuserClient.signIn(server.url);
    const fields = ["title", "text"].map((name) => ({ name, type: "text" }));
    await superuser.createCollection({ name: "notes", type: "base", listRule: "", fields, search });
    await superuser.createCollection({ name: "gone", type: "base", listRule: "", fields, search });
    ({ id } = await superuser.create("notes", { title: "one", text: "first words" }));
    await superuser.create("notes", { title: "two", text: "second words" });
    expect(await found(server.url, "words")).toEqual(["one", "two"]);
  }
  {
    await using server = await startServer({ kind: "pocketbase", dir });
    const superuser = await SuperuserClient.signIn(server.url);
    await superuser.update("notes", id, { title: "uno" });
    await superuser.create("notes", { title: "three", text: "third words" });
    const { body } = await superuser.request<{ fields: { name: string }[] }>("GET", "/api/collections/notes");
    const fields = body.fields
      .filter(({ name }) => name !== "text")
      .map((field) => (field.name === "title" ? { ...field, name: "title" } : field));
    await superuser.updateCollection("notes", { fields });
    await superuser.request("DELETE", "/api/collections/gone");
  }
  await using server = await startServer({ kind: "headwater", dir });
  const superuser = await SuperuserClient.signIn(server.url);
  expect(await found(server.url, "uno")).toEqual(["uno"]);
  expect(await found(server.url, "three")).toEqual(["three"]);
  expect(await found(server.url, "words")).toEqual([]);
  const { body } = await superuser.request<{ search: unknown }>("GET", "/api/collections/notes");
  expect(body.search).toEqual({ ...search, fields: ["title"], weights: {} });
});
