import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { type RequestOptions, request } from "@headwater/testing/clients/request.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(60_000);

const NOTES = "/api/collections/notes/records";
const SIGN_IN = "/api/collections/users/auth-with-password";
const WRONG = "Something went wrong while processing your request.";
const UNREADABLE = "An error occurred while loading the submitted data.";

async function serve(...args: readonly string[]): Promise<ServerProcess> {
  const server = await startServer({ args });
  const superuser = await SuperuserClient.signIn(server.url);
  const fields = [
    ...PUBLIC_NOTES.fields,
    { name: "data", type: "json" },
    { name: "doc", type: "file", maxSize: 50_000_000 },
    { name: "text", type: "editor" },
  ];
  await superuser.createCollection({ ...PUBLIC_NOTES, fields });
  return server;
}

const form = (body: string): RequestOptions => ({
  body,
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
const upload = (name: string, size = 5): FormData => {
  const data = new FormData();
  data.append("doc", new File([new Uint8Array(size)], name));
  return data;
};

/** Sends the head of a request and the start of its body, of which more would follow. */
async function begin(url: string, bytes: number, address: string): Promise<RawConnection> {
  const connection = await RawConnection.open(url);
  const head = [
    `POST ${NOTES} HTTP/1.1`,
    "Host: localhost",
    `X-Forwarded-For: ${address}`,
    "Content-Type: application/json",
    `Content-Length: ${bytes + 1}`,
  ];
  let rest: Uint8Array = Buffer.from(`${head.join("\r\n")}\r\n\r\n${" ".repeat(bytes)}`);
  while (rest.length > 0) {
    rest = rest.subarray(connection.write(rest));
    if (rest.length > 0) await Bun.sleep(1);
  }
  return connection;
}

const metric = async (url: string, line: string): Promise<number> => {
  const superuser = await SuperuserClient.signIn(url);
  const { text } = await superuser.request("GET", "/api/metrics");
  return Number(
    text
      .split("\n")
      .find((each) => each.startsWith(`${line} `))
      ?.split(" ")[1],
  );
};

describe("refused as by PocketBase:", () => {
  test("names that occur twice, half characters, and files with reserved names", async () => {
    await using server = await serve();
    const post = (options: RequestOptions, path = NOTES) => request(server.url, "POST", path, options);
    const cases: readonly (readonly [RequestOptions, string?, string?])[] = [
      [{ body: '{"title":"a","title":"b"}' }],
      [{ body: '{"data":{"a":1,"a":1}}' }],
      [{ body: String.raw`{"title":"a","\u0074itle":"b"}` }],
      [{ body: String.raw`{"title":"\ud800"}` }],
      [{ body: String.raw`{"data":{"\udc00":1}}` }],
      [form(`@jsonPayload=${encodeURIComponent('{"title":1,"title":2}')}`)],
      [{ body: '{"clientId":"a","ClientId":"b"}' }, "/api/realtime"],
      [{ body: '{"identity":"a","Identity":"a","password":"b"}' }, SIGN_IN, UNREADABLE],
      [{ body: upload("a.attrs") }, NOTES, "Failed to create record."],
      [form(Array.from({ length: 10_001 }, (_, n) => `k${n}=`).join("&"))],
    ];
    for (const [options, path, message = WRONG] of cases) {
      expect((await post(options, path)).body).toEqual({ data: {}, message, status: 400 });
    }
    for (const [text, expected] of [
      ["title='a\0b'", 400],
      ["title~'\0'", 400],
      ["// \0\ntitle=''", 200],
    ] as const) {
      const { status } = await request(server.url, "GET", `${NOTES}?filter=${encodeURIComponent(text)}`);
      expect([text, status]).toEqual([text, expected]);
    }
    expect((await post({ body: { data: '{"a":1,"a":2}' } })).body).toMatchObject({
      status: 400,
      data: { data: { code: "validation_invalid_json" } },
    });
    expect((await post({ body: { data: String.raw`"\ud800"` } })).body).toMatchObject({ data: "\ufffd" });
  });
});

test("an editor's text that nests too deeply is listed as it is", async () => {
  await using server = await serve();
  const text = "<div>".repeat(19_400);
  expect((await request(server.url, "POST", NOTES, { body: { text } })).status).toBe(200);
  const list = await request(server.url, "GET", `${NOTES}?fields=text:excerpt(10)`);
  expect(list).toMatchObject({ status: 200, body: { items: [{ text }] } });
});

test("a body with too many keys or items gets 413 with the limit, and a metric", async () => {
  await using server = await serve("--max-body-keys", "100", "--max-body-items", "200");
  const keys = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [n, n]));
  const problem = { code: "limit_body_keys", message: "The body has more than 100 keys (--max-body-keys)." };
  expect((await request(server.url, "POST", NOTES, { body: keys })).body).toEqual({
    status: 413,
    message: "Request entity too large.",
    data: { body: problem },
  });
  const items = { data: Array.from({ length: 201 }, (_, n) => n) };
  expect((await request(server.url, "POST", NOTES, { body: items })).body).toMatchObject({
    data: { body: { code: "limit_body_items" } },
  });
  expect(await metric(server.url, 'headwater_refusals_total{limit="limit_body_keys"}')).toBe(1);
  const huge = new Uint8Array(33 << 20);
  const signIn = `${server.url}/api/collections/users/auth-with-password`;
  expect((await fetch(signIn, { method: "POST", body: huge })).status).toBe(413);
  expect(await metric(server.url, 'headwater_refusals_total{limit="limit_body_bytes"}')).toBe(1);
});

describe("the memory of bodies that are on their way", () => {
  const LIMITS = ["--max-body-memory-mb", "2", "--max-body-memory-mb-per-client", "1"];

  test("is limited in all and by address, and free again when clients leave", async () => {
    await using server = await serve(...LIMITS, "--trusted-proxy-header", "X-Forwarded-For");
    const held = await Promise.all(["1.1.1.1", "2.2.2.2"].map((address) => begin(server.url, 1_000_000, address)));
    while ((await metric(server.url, "headwater_body_bytes")) < 1_900_000) await Bun.sleep(5);
    const [another, same] = [await begin(server.url, 300_000, "3.3.3.3"), await begin(server.url, 300_000, "1.1.1.1")];
    expect(JSON.parse((await another.response())!.body)).toMatchObject({
      status: 503,
      data: { body: { code: "limit_body_memory" } },
    });
    const refusal = await same.response();
    expect(refusal?.head).toMatch(/^retry-after: \d+/im);
    expect(JSON.parse(refusal!.body).status).toBeOneOf([429, 503]);
    expect((await request(server.url, "POST", NOTES, { body: { title: "small" } })).status).toBe(200);
    for (const connection of held) connection.close();
    while ((await metric(server.url, "headwater_body_bytes")) > 0) await Bun.sleep(5);
    const large = await request(server.url, "POST", NOTES, { body: { text: "x".repeat(900_000) } });
    expect(large.status).toBe(200);
  });

  test("does not limit files, which go to the disk", async () => {
    await using server = await serve(...LIMITS);
    const { status, body } = await request(server.url, "POST", NOTES, { body: upload("a.bin", 20_000_000) });
    expect(status).toBe(200);
    const { id, doc } = body as { readonly id: string; readonly doc: string };
    const file = await fetch(`${server.url}/api/files/notes/${id}/${doc}`);
    expect((await file.arrayBuffer()).byteLength).toBe(20_000_000);
  });
});

describe("a push", () => {
  const mutation = (id: number, args: unknown) => ({ clientID: "c", id, name: "create", args });
  const note = (id: number, title = "x") =>
    mutation(id, { collection: "notes", id: `n${id}`.padEnd(15, "0"), data: { title } });

  test("with too many mutations does the first ones, and is sent again", async () => {
    await using server = await serve("--max-push-mutations", "3");
    const { token } = await (await SuperuserClient.signIn(server.url)).createUser("ann");
    const push = { pushVersion: 1, clientGroupID: "g", mutations: [1, 2, 3, 4, 5].map((id) => note(id)) };
    const send = (mutations = push.mutations) =>
      request(server.url, "POST", "/api/v1/replicache/push", { token, body: { ...push, mutations } });
    expect((await send()).body).toMatchObject({ status: 429, data: { mutations: { code: "limit_push_mutations" } } });
    const count = async (): Promise<unknown> =>
      ((await request(server.url, "GET", NOTES)).body as { readonly totalItems: number }).totalItems;
    expect(await count()).toBe(3);
    expect(await send(push.mutations.slice(3))).toMatchObject({ status: 200, body: {} });
    expect(await count()).toBe(5);
  });

  test("does the other mutations if one is too large or no strict JSON, and logs little of it", async () => {
    await using server = await serve("--max-mutation-mb", "1");
    const { token } = await (await SuperuserClient.signIn(server.url)).createUser("ann");
    const unknown = mutation(4, { collection: "u".repeat(100_000), id: "x" });
    const mutations = [note(1), note(2, "y".repeat(2_000_000)), note(3, "\ud83d"), unknown, note(5)];
    const body = { pushVersion: 1, clientGroupID: "g", mutations };
    const pushed = await request(server.url, "POST", "/api/v1/replicache/push", { token, body });
    expect(pushed).toMatchObject({
      status: 200,
      body: {
        rejected: [
          { id: 2, error: { status: 413, data: { args: { code: "limit_mutation_bytes" } } } },
          { id: 3, error: { status: 400 } },
          { id: 4, error: { status: 404 } },
        ],
      },
    });
    expect(pushed.text.length).toBeLessThan(5_000);
    const log = await server.untilLogged('"id":4');
    expect(log.length).toBeLessThan(20_000);
  });
});
