import { request } from "@headwater/testing/clients/request.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { ensure } from "../ensure.ts";
import type { Values } from "../rules.ts";
import { until } from "../within.ts";
import type { FolderServer } from "./folder-server.ts";

const NOTES = "/api/collections/notes/records";

/** The notes as the API lists them, by id, with the cursor of the list. */
export async function listNotes(
  url: string,
): Promise<{ readonly notes: Map<string, Values>; readonly cursor: string }> {
  const { body, headers, status } = await request<{ items: Values[] }>(url, "GET", `${NOTES}?perPage=1000&skipTotal=1`);
  ensure(status === 200, `a list was answered with ${status}`);
  return { notes: byId(body.items), cursor: headers.get("headwater-cursor") ?? "" };
}

const byId = (notes: readonly Values[]): Map<string, Values> =>
  new Map(notes.map((note) => [String(note["id"]), note]));

/** What a client does that keeps a copy of a list: it loads it, follows the events, and loads it again for a `resync`. */
export class Mirror {
  readonly name: string;
  #notes = new Map<string, Values>();
  #cursor = "";
  resyncs = 0;
  events = 0;

  constructor(name: string) {
    this.name = name;
  }

  get cursor(): string {
    return this.#cursor;
  }

  async load(url: string): Promise<void> {
    ({ notes: this.#notes, cursor: this.#cursor } = await listNotes(url));
  }

  /** Connects with its cursor, waits until it has everything, compares itself with the server, and leaves. */
  async visit(server: FolderServer): Promise<void> {
    const client = await SseClient.connect(server.url);
    try {
      await client.subscribe(["notes/*", "marks/*"], undefined, this.#cursor);
      const mark = (await server.admin.create("marks", { title: "caught up" })).id;
      let read = 0;
      let isCaughtUp = false;
      while (!isCaughtUp) {
        await until(() => client.events.length > read, `${this.name} gets the mark`);
        const arrived = client.events.slice(read);
        read += arrived.length;
        for (const event of arrived) {
          this.#cursor = event.id ?? this.#cursor;
          if (event.event === "resync") await this.#reload(server.url, event.id);
          else if (event.event === "marks/*") isCaughtUp ||= event.data.includes(mark);
          else this.#apply(JSON.parse(event.data));
        }
      }
    } finally {
      client.close();
    }
    await this.#compare(server.url);
  }

  async #reload(url: string, cursor = this.#cursor): Promise<void> {
    this.resyncs += 1;
    await this.load(url);
    // The events after that of the resync still come.
    this.#cursor = cursor;
  }

  #apply({ action, record }: { readonly action: string; readonly record: Values }): void {
    this.events += 1;
    const id = String(record["id"]);
    if (action === "delete") this.#notes.delete(id);
    else this.#notes.set(id, record);
  }

  async #compare(url: string): Promise<void> {
    const { notes } = await listNotes(url);
    for (const [id, note] of notes) {
      const own = this.#notes.get(id);
      ensure(own !== undefined, `${this.name} misses ${String(note["title"])}`);
      ensure(
        own["title"] === note["title"],
        `${this.name} has "${String(own["title"])}" for "${String(note["title"])}"`,
      );
    }
    for (const [id, note] of this.#notes) ensure(notes.has(id), `${this.name} still has ${String(note["title"])}`);
  }
}
