import { request } from "@headwater/testing/clients/request.ts";
import { ensure } from "../ensure.ts";
import type { Values } from "../rules.ts";
import { listNotes } from "./mirror.ts";

type PatchStep =
  | { readonly op: "clear" }
  | { readonly op: "put"; readonly key: string; readonly value: Values }
  | { readonly op: "del"; readonly key: string };

interface PullResult {
  readonly cookie?: { readonly order: number };
  readonly patch?: readonly PatchStep[];
  readonly partial?: boolean;
  readonly error?: string;
}

/** What a Replicache client does: it pulls with its last cookie and applies the patch. */
export class SyncMirror {
  readonly name: string;
  readonly #group: string;
  readonly #token: string;
  #cookie: PullResult["cookie"] | null = null;
  readonly #view = new Map<string, Values>();
  pulls = 0;

  constructor(name: string, group: string, token: string) {
    this.name = name;
    this.#group = group;
    this.#token = token;
  }

  /** Pulls until it has everything, and compares itself with the server. */
  async visit(url: string): Promise<void> {
    while (await this.#pull(url));
    const { notes } = await listNotes(url);
    for (const [id, note] of notes) {
      const own = this.#view.get(`notes/${id}`);
      ensure(own !== undefined, `${this.name} misses ${String(note["title"])}`);
      ensure(
        own["title"] === note["title"],
        `${this.name} has "${String(own["title"])}" for "${String(note["title"])}"`,
      );
    }
    for (const [key, { title }] of this.#view) {
      if (key.startsWith("notes/")) ensure(notes.has(key.slice(6)), `${this.name} still has ${String(title)}`);
    }
  }

  /** @returns whether there is more */
  async #pull(url: string): Promise<boolean> {
    const body = {
      pullVersion: 1,
      clientGroupID: this.#group,
      cookie: this.#cookie,
      profileID: "p",
      schemaVersion: "1",
    };
    const options = { token: this.#token, body };
    const { status, body: result, text } = await request<PullResult>(url, "POST", "/api/v1/replicache/pull", options);
    ensure(status === 200, `a pull was answered with ${status} ${text}`);
    ensure(result.error === undefined || result.error === "ClientStateNotFound", `a pull failed: ${text}`);
    this.pulls += 1;
    if (result.error !== undefined) {
      this.#cookie = null;
      this.#view.clear();
      return true;
    }
    const [before, after] = [this.#cookie?.order ?? -1, result.cookie!.order];
    ensure(after >= before, `${this.name} got the order ${after} after ${before}`);
    this.#cookie = result.cookie;
    for (const step of result.patch!) {
      if (step.op === "clear") this.#view.clear();
      else if (step.op === "put") this.#view.set(step.key, step.value);
      else this.#view.delete(step.key);
    }
    return result.partial === true;
  }
}
