import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { RawConnection, type RawResponse } from "@headwater/testing/clients/raw-connection.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";

setDefaultTimeout(60_000);

const DOCS = "/api/collections/docs/records";
const MEBIBYTE = 1 << 20;

async function serve(...args: readonly string[]): Promise<ServerProcess> {
  const server = await startServer({ args });
  const superuser = await SuperuserClient.signIn(server.url);
  const open = { type: "base", createRule: "", updateRule: "", viewRule: "" };
  const file = { name: "file", type: "file", maxSelect: 3, maxSize: 40 * MEBIBYTE, thumbs: ["10x10"] };
  await superuser.createCollection({ ...open, name: "docs", fields: [file] });
  await superuser.createCollection({ ...open, name: "locked", createRule: null, fields: [file] });
  return server;
}

const spooled = ({ dir }: ServerProcess): string[] => {
  const folder = join(dir, ".headwater.spool");
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** Resolves when no upload is on its way any more; the test's timeout ends a wait that has no end. */
async function untilSpoolIsEmpty(server: ServerProcess): Promise<void> {
  while (spooled(server).length > 0) await Bun.sleep(5);
}

/** Sends the head of a form and the first bytes of its file. */
async function begin(url: string, path: string, bytes: number, length: number): Promise<RawConnection> {
  const connection = await RawConnection.open(url);
  const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n';
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: localhost",
    "Content-Type: multipart/form-data; boundary=x",
    `Content-Length: ${length}`,
  ];
  let rest: Uint8Array = Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n${part}`), Buffer.alloc(bytes, "a")]);
  while (rest.length > 0 && !connection.closed) {
    rest = rest.subarray(connection.write(rest));
    if (rest.length > 0) await Bun.sleep(1);
  }
  return connection;
}

const form = (...sizes: readonly number[]): FormData => {
  const data = new FormData();
  for (const size of sizes) data.append("file", new File([Buffer.alloc(size, "a")], "a.bin"));
  return data;
};

const parsed = (response: RawResponse | undefined): unknown => JSON.parse(response?.body ?? "null");

test("a file beyond its field's limit is refused while the rest is still to come", async () => {
  await using server = await serve();
  for (const [path, expected] of [
    [
      DOCS,
      {
        status: 400,
        message: "Failed to create record.",
        data: {
          file: {
            code: "validation_file_size_limit",
            message: `Failed to upload a.bin - the maximum allowed file size is ${40 * MEBIBYTE} bytes.`,
            params: { file: "a.bin", maxSize: 40 * MEBIBYTE },
          },
        },
      },
    ],
    ["/api/collections/locked/records", { status: 403, message: "Only superusers can perform this action.", data: {} }],
  ] as const) {
    // 100 MiB are announced, of which the last half never comes.
    using connection = await begin(server.url, path, 50 * MEBIBYTE, 100 * MEBIBYTE);
    const response = await connection.response();
    expect(parsed(response)).toEqual(expected);
    await untilSpoolIsEmpty(server);
  }
});

test("a client that leaves in the middle leaves nothing, and others are served meanwhile", async () => {
  await using server = await serve();
  const connections = await Promise.all(
    Array.from({ length: 4 }, () => begin(server.url, DOCS, 2 * MEBIBYTE, 30 * MEBIBYTE)),
  );
  while (spooled(server).length < 4) await Bun.sleep(5);
  const created = await request<{ id: string; file: string[] }>(server.url, "POST", DOCS, { body: form(3 * MEBIBYTE) });
  expect(created.status).toBe(200);
  for (const connection of connections) connection.close();
  await untilSpoolIsEmpty(server);
  const { id, file } = created.body;
  const storage = join(server.dir, "storage");
  const [folder = ""] = readdirSync(storage);
  expect(readdirSync(join(storage, folder))).toEqual([id]);
  expect(readdirSync(join(storage, folder, id)).sort()).toEqual([file[0]!, `${file[0]}.attrs`]);
  const { text } = await request(server.url, "GET", `/api/files/docs/${id}/${file[0]}`);
  expect(text.length).toBe(3 * MEBIBYTE);
});

test("uploads on their way have a limit, by address and in all, and its error names it", async () => {
  await using server = await serve(
    "--max-spool-mb",
    "4",
    "--max-spool-mb-per-client",
    "2",
    "--trusted-proxy-header",
    "X-Forwarded-For",
  );
  const post = (address: string, ...sizes: readonly number[]) =>
    request(server.url, "POST", DOCS, { body: form(...sizes), headers: { "X-Forwarded-For": address } });
  expect((await post("192.0.2.1", MEBIBYTE)).status).toBe(200);
  const refused = await post("192.0.2.1", 1.5 * MEBIBYTE, MEBIBYTE);
  expect(refused).toMatchObject({ status: 429, body: { data: { body: { code: "limit_spool_bytes_client" } } } });
  expect(refused.headers.get("retry-after")).toBe("5");
  // The last one's bytes no longer count.
  await untilSpoolIsEmpty(server);
  expect((await post("192.0.2.1", MEBIBYTE)).status).toBe(200);
});

test("a start removes what a killed server had of uploads", async () => {
  const first = await serve();
  try {
    using _ = await begin(first.url, DOCS, 2 * MEBIBYTE, 30 * MEBIBYTE);
    while (spooled(first).length === 0) await Bun.sleep(5);
    await first.stop("SIGKILL");
    expect(spooled(first).length).toBe(1);
    await using second = await startServer({ dir: first.dir });
    expect(spooled(second)).toEqual([]);
    expect((await request(second.url, "POST", DOCS, { body: form(MEBIBYTE) })).status).toBe(200);
  } finally {
    await first[Symbol.asyncDispose]();
  }
});
