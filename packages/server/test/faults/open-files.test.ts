import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { request } from "@headwater/testing/clients/request.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { createCollections, createNote, NOTES, refusal, upload } from "./documents.ts";

setDefaultTimeout(120_000);

const MAX_FILES = 100;
const canLimit = Bun.which("prlimit") !== null;
if (!canLimit) process.stderr.write("Skipped: there is no prlimit here.\n");

test.skipIf(!canLimit)(
  "at the limit of open files the server goes on with the connections that it has, and with all when some are closed",
  async () => {
    await using server = await startServer();
    const { url, pid } = server;
    await createCollections(url);
    Bun.spawnSync(["prlimit", "--pid", String(pid), `--nofile=${MAX_FILES}:${MAX_FILES}`]);
    const openFiles = (): number => readdirSync(`/proc/${pid}/fd`).length;
    using stream = await SseClient.connect(url);
    await stream.submit(["notes/*"]);
    using writer = await RawConnection.open(url);
    let written = 0;
    const write = async (title: string): Promise<number> => {
      writer.send("POST", NOTES, { title });
      const reply = await writer.response();
      const { status } = reply!;
      if (status === 200) written += 1;
      return status;
    };
    expect(await write("before")).toBe(200);

    // A connection takes a file once it has sent something.
    const others = await Promise.all(Array.from({ length: 150 }, () => RawConnection.open(url)));
    for (const other of others) other.write("GET /api/health HTTP/1.1\r\nHost: a\r\n");
    while (openFiles() < MAX_FILES) await Bun.sleep(10);
    // Enough for a checkpoint, whose thread can't open the database now.
    for (let i = 0; i < 400; i += 1) expect(await write("x".repeat(4_000))).toBe(200);
    // Together: at the limit they share the connections to the database.
    for (let i = 0; i < 5; i += 1) writer.send("GET", `${NOTES}?perPage=5&sort=-id`, undefined);
    for (let i = 0; i < 5; i += 1) expect((await writer.response())!.status).toBe(200);
    const form =
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nabc\r\n--b--\r\n';
    writer.write(
      `POST /api/collections/documents/records HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n` +
        `Content-Length: ${form.length}\r\n\r\n${form}`,
    );
    const refused = (await writer.response())!;
    expect(JSON.parse(refused.body)).toEqual(refusal("The server can't use its disk now."));

    for (const other of others) other.close();
    expect((await upload(url)).status).toBe(200);
    expect((await createNote(url, "after")).status).toBe(200);
    while (stream.events.filter(({ event }) => event === "notes/*").length < written + 1) await Bun.sleep(5);
    const { body } = await request<{ totalItems: number }>(url, "GET", NOTES);
    expect(body.totalItems).toBe(written + 1);
    expect(await server.stop()).toBe(0);
  },
);
