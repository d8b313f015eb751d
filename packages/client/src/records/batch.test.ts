import { expect, setDefaultTimeout, test } from "bun:test";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { hasPocketBase } from "@headwater/testing/servers/server-command.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { Client, memoryStore } from "../index.ts";

setDefaultTimeout(60_000);

test("a batch is one request, with files as form parts and the rest as JSON", async () => {
  const sent: { readonly url: string; readonly body: unknown }[] = [];
  const fetch = async (url: string, { body }: RequestInit): Promise<Response> => {
    const form: Record<string, unknown> = {};
    if (body instanceof FormData) body.forEach((item, name) => (form[name] = item));
    sent.push({ url, body: body instanceof FormData ? form : JSON.parse(body as string) });
    return Response.json([
      { status: 200, body: { id: "a" } },
      { status: 204, body: null },
    ]);
  };
  const client = new Client("http://server/base", { store: memoryStore(), fetch });
  const plain = client.batch();
  plain.collection("posts").update("a b", { title: "x", "count+": 1 }, { expand: ["author", "tags"] });
  plain.collection("posts").delete("b");
  expect(await plain.send()).toEqual([{ id: "a" }, undefined]);
  const withFile = client.batch();
  withFile.collection("posts").upsert({ id: "a", title: "x" });
  withFile
    .collection("posts")
    .create({ title: "y", files: ["kept.txt", new File(["1"], "1.txt")] }, { headers: { "X-A": "b" } });
  await withFile.send();

  const posts = "/api/collections/posts/records";
  expect(sent[0]).toEqual({
    url: "http://server/base/api/batch",
    body: {
      requests: [
        { method: "PATCH", url: `${posts}/a%20b?expand=author%2Ctags`, headers: {}, body: { title: "x", "count+": 1 } },
        { method: "DELETE", url: `${posts}/b`, headers: {}, body: {} },
      ],
    },
  });
  const form = sent[1]!.body as Readonly<Record<string, string | File>>;
  expect(JSON.parse(form["@jsonPayload"] as string)).toEqual({
    requests: [
      { method: "PUT", url: posts, headers: {}, body: { id: "a", title: "x" } },
      { method: "POST", url: posts, headers: { "X-A": "b" }, body: { title: "y" } },
    ],
  });
  expect((form["requests.1.files"] as File).name).toBe("1.txt");
});

const servers = ["headwater", "pocketbase"] as const;

for (const kind of servers.filter((each) => each === "headwater" || hasPocketBase)) {
  test(`${kind} executes all of a batch or nothing`, async () => {
    await using server = await startServer({ kind });
    const admin = await SuperuserClient.signIn(server.url);
    await admin.request("PATCH", "/api/settings", { body: { batch: { enabled: true, maxRequests: 10, timeout: 3 } } });
    const fields = [
      { name: "title", type: "text", required: true },
      { name: "file", type: "file", maxSelect: 1 },
    ];
    const open = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };
    await admin.createCollection({ name: "docs", type: "base", ...open, fields });
    const client = new Client(server.url, { store: memoryStore() });
    const first = client.batch();
    first.collection("docs").create({ title: "one" });
    first.collection("docs").create({ title: "two", file: new File(["2"], "two.txt") });
    const [one, two] = (await first.send()) as { readonly id: string; readonly title: string; readonly file: string }[];
    expect([one!.title, two!.file.startsWith("two")]).toEqual(["one", true]);
    const second = client.batch();
    second.collection("docs").delete(one!.id);
    second.collection("docs").create({ title: "" });
    expect(await rejectionOf(second.send())).toMatchObject({ code: "invalid", data: { requests: { 1: {} } } });
    expect((await client.collection("docs").list()).totalItems).toBe(2);
    const third = client.batch();
    third.collection("docs").upsert({ id: one!.id, title: "three" });
    third.collection("docs").update(one!.id, { title: "four" });
    third.collection("docs").delete(two!.id);
    expect(await third.send()).toMatchObject([{ title: "three" }, { title: "four" }, undefined]);
  });
}
