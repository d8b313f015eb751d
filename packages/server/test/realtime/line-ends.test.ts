import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { LINE_BREAKING_TEXTS, splitLines } from "@headwater/testing/lib/line-breaking-texts.ts";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { defineCollection, json, text } from "../../src/index.ts";
import { openLibraryApp } from "../../src/testing/library-app.ts";
import { play } from "../../src/testing/scenario.ts";

setDefaultTimeout(60_000);

const notes = defineCollection("notes", { fields: { title: text(), body: json() }, listRule: "", viewRule: "" });
const { app } = await openLibraryApp({
  collections: [notes],
  release: { version: LINE_BREAKING_TEXTS.join(""), commit: LINE_BREAKING_TEXTS[0]! },
});
const { url } = app.start();

const aborts = new AbortController();
afterAll(() => aborts.abort());

interface Read {
  readonly event: string;
  readonly data: string;
}

/**
 * A reader that ends a line where Python's `str.splitlines` does, as `requests` and `httpx` do in `iter_lines`. A line that
 * an event doesn't consist of is an event of the name "broken".
 */
class LineReader {
  readonly events = new Inbox<Read>();
  #rest = "";
  #fields: Record<string, string> = {};

  static async open(path: string, headers: Readonly<Record<string, string>> = {}): Promise<LineReader> {
    const reader = new LineReader();
    const response = await fetch(url + path, { headers, signal: aborts.signal });
    void reader.#read(response.body!).catch(() => {});
    return reader;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of body) {
      const lines = splitLines(this.#rest + decoder.decode(bytes, { stream: true }));
      this.#rest = lines.pop()!;
      for (const line of lines) this.#take(line);
    }
  }

  #take(line: string): void {
    const field = /^(id|event|data|retry|):/.exec(line);
    if (field) this.#fields[field[1]!] = line.slice(field[0].length).replace(/^ /, "");
    else if (line !== "") this.events.push({ event: "broken", data: line });
    if (line !== "" || this.#fields["data"] === undefined) return;
    this.events.push({ event: this.#fields["event"] ?? "message", data: this.#fields["data"] });
    this.#fields = {};
  }

  /** The data of the events of a name, once there are so many; none is broken. */
  async until(name: string, count: number): Promise<unknown[]> {
    const named = (items: readonly Read[]): readonly Read[] => items.filter(({ event }) => event === name);
    await this.events.until((items) => named(items).length >= count);
    expect(this.events.items.filter(({ event }) => event === "broken")).toEqual([]);
    for (const { data } of this.events.items) if (!/^\w+$/.test(data)) JSON.parse(data);
    return named(this.events.items).map(({ data }) => JSON.parse(data) as unknown);
  }
}

/** Opens an event stream that subscribes to topics. */
async function subscribe(topics: readonly string[], since?: string): Promise<LineReader> {
  const reader = await LineReader.open("/api/realtime");
  await reader.events.until(({ length }) => length > 0);
  const { clientId } = JSON.parse(reader.events.items[0]!.data) as { clientId: string };
  const body = { clientId, subscriptions: topics, ...(since !== undefined && { since }) };
  expect((await play(url, { method: "POST", path: "/api/realtime", body })).status).toBe(204);
  return reader;
}

test("record events and broadcasts, live and replayed", async () => {
  const live = await subscribe(["notes/*", "chat"]);
  const cursor = (await play(url, { path: "/api/collections/notes/records" })).headers.get("headwater-cursor")!;
  const sent: unknown[] = [];
  for (const line of LINE_BREAKING_TEXTS) {
    sent.push(await app.records(notes).create({ title: line, body: { [line]: [line] } }));
    await app.realtime.broadcast("chat", { line });
  }
  const replayed = await subscribe(["notes/*", "chat"], cursor);
  for (const reader of [live, replayed]) {
    const records = (await reader.until("notes/*", sent.length)) as { record: unknown }[];
    expect(records.map(({ record }) => record)).toEqual(sent);
    expect(await reader.until("chat", sent.length)).toEqual(LINE_BREAKING_TEXTS.map((line) => ({ line })));
  }
});

test("presence, and resyncs that name subscriptions", async () => {
  const filter = `title != '${LINE_BREAKING_TEXTS[0]!}'`;
  const topic = `notes/*?options=${encodeURIComponent(JSON.stringify({ query: { filter } }))}`;
  const state = LINE_BREAKING_TEXTS.slice(0, 3);
  const presence = JSON.stringify({ state, key: LINE_BREAKING_TEXTS[1] });
  const member = `@room?options=${encodeURIComponent(JSON.stringify({ query: { presence } }))}`;
  const watcher = await subscribe(["@room"]);
  await watcher.until("@room", 1);
  await subscribe([member]);
  expect((await watcher.until("@room", 2))[1]).toMatchObject({ presence: "join", member: { state } });
  const stale = await subscribe([topic], "AAAAAAAAAAAAAAAAAAAAAA.1");
  expect(await stale.until("resync", 1)).toMatchObject([{ reason: expect.any(String) }]);
});

test("task streams", async () => {
  app.tasks.define("lines", async (_input, run) => {
    for (const line of LINE_BREAKING_TEXTS) {
      run.progress({ text: line, [line]: 1 });
      run.write(line);
      await run.flushed();
    }
    return LINE_BREAKING_TEXTS;
  });
  const { id } = await app.tasks.start("lines");
  const reader = await LineReader.open(`/api/tasks/${id}/stream`);
  await reader.until("connection_close", 1);
  const events = (await reader.until("task_event", 1)) as { event_type: string; data: Record<string, unknown> }[];
  const texts = events.filter(({ data }) => data["text"] !== undefined).map(({ data }) => data);
  expect(texts).toEqual(LINE_BREAKING_TEXTS.map((line) => ({ text: line, [line]: 1 })));
  const written = events.map(({ data }) => data["delta"]).filter((delta) => typeof delta === "string");
  expect(written.join("")).toBe(LINE_BREAKING_TEXTS.join(""));
  expect(events.at(-1)).toMatchObject({ event_type: "task_completed", data: LINE_BREAKING_TEXTS });
});

test("the version stream", async () => {
  const reader = await LineReader.open("/api/utils/version/stream");
  expect(await reader.until("version", 1)).toMatchObject([
    { version: LINE_BREAKING_TEXTS.join(""), git_commit: LINE_BREAKING_TEXTS[0] },
  ]);
});

test("the poke stream", async () => {
  const account = { email: "ann@example.com", password: "1234567890" };
  const user = await app.records("users").create(account);
  const body = { identity: account.email, password: account.password };
  const signed = await play(url, { method: "POST", path: "/api/collections/users/auth-with-password", body });
  const { token } = (await signed.json()) as { token: string };
  const reader = await LineReader.open("/api/v1/replicache/stream", { authorization: token });
  for (const line of LINE_BREAKING_TEXTS) await app.records("users").update(user.id, { name: line });
  await reader.events.until((items) => items.some(({ data }) => data === "sync"));
  expect(new Set(reader.events.items.map(({ event, data }) => `${event} ${data}`))).toEqual(
    new Set(["message connected", "message sync"]),
  );
});
