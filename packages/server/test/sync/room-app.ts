import { afterAll, expect } from "bun:test";
import { Inbox } from "@headwater/testing/clients/inbox.ts";
import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import { type App, defineCollection, relation, text } from "../../src/index.ts";
import { type LibraryApp, openLibraryApp } from "../../src/testing/library-app.ts";
import { play } from "../../src/testing/scenario.ts";
import { PokeStream } from "./poke-stream.ts";

export const SYNC = "/api/v1/replicache";

export const users = defineCollection("users", { type: "auth", fields: { team: text() } });
export const members = defineCollection("members", { fields: { room: text(), user: relation("users") } });

export interface User {
  readonly id: string;
  readonly collectionName: string;
  readonly token: string;
}

/** A client of either transport. */
export interface Client {
  readonly user: User;
  pokes(): number;
  until(pokes: number): Promise<void>;
}

let numbers = 0;
const nextNumber = (): number => (numbers += 1);

/** A room that no other test uses. */
export const newRoom = (prefix: "team" | "list"): string => `${prefix}:test${nextNumber()}`;

/** An app with rooms of teams and of lists, users in them, and their clients, which are closed after the file's tests. */
export class RoomApp {
  readonly app: App;
  readonly log: LibraryApp["log"];
  readonly url: string;
  readonly #open: Disposable[] = [];

  private constructor({ app, log }: LibraryApp) {
    this.app = app;
    this.log = log;
    app.sync.room("team:*", { join: "id = 'team:' || @request.auth.team != ''" });
    app.sync.room("list:*", { join: "@collection.members.room ?= id && @collection.members.user ?= @request.auth.id" });
    app.sync.user(users, { poke: "team != '' && team = @request.auth.team" });
    this.url = app.start().url;
    afterAll(() => this.#open.forEach((each) => each[Symbol.dispose]()));
  }

  static async open(): Promise<RoomApp> {
    return new RoomApp(await openLibraryApp({ collections: [users, members] }));
  }

  async signUp(team = "", collection = "users"): Promise<User> {
    const account = { email: `user${nextNumber()}@example.com`, password: "1234567890", ...(team !== "" && { team }) };
    const record = await this.app.records(collection).create(account);
    const body = { identity: account.email, password: account.password };
    const path = `/api/collections/${collection}/auth-with-password`;
    const signed = await play(this.url, { method: "POST", path, body });
    return { ...record, token: ((await signed.json()) as { token: string }).token };
  }

  admit(room: string, { id }: User): Promise<{ readonly id: string }> {
    return this.app.records(members).create({ room, user: id });
  }

  async stream(user: User, rooms: readonly string[] = []): Promise<Client> {
    const inbox = new Inbox<string>();
    const onMessage = (data: string): void => inbox.push(data);
    this.#open.push(new PokeStream(this.url, () => user.token, onMessage, `/stream?rooms=${rooms.join(",")}`));
    await inbox.until((items) => items.includes("connected"));
    const pokes = (): number => inbox.items.filter((data) => data === "sync").length;
    return { user, pokes, until: (count) => inbox.until(() => pokes() >= count) };
  }

  async connect(user: User): Promise<SocketClient> {
    const client = await SocketClient.connect(this.url, { headers: { authorization: user.token } });
    this.#open.push(client);
    return client;
  }

  async socket(user: User, rooms: readonly string[] = []): Promise<Client & { readonly client: SocketClient }> {
    const client = await this.connect(user);
    expect(await client.request({ type: "sync", on: true, rooms })).toMatchObject({ type: "sync" });
    // The response is a poke too.
    const pokes = (): number => client.inbox.items.filter(({ type }) => type === "sync").length - 1;
    return { client, user, pokes, until: (count) => client.inbox.until(() => pokes() >= count) };
  }

  /** How many pokes each gets that were sent before: they have arrived when those of the users themselves have. */
  async settled(...clients: readonly Client[]): Promise<number[]> {
    const before = clients.map((client) => client.pokes());
    // Pokes within 50 ms are merged.
    await Bun.sleep(100);
    const counts = clients.map((client) => client.pokes());
    for (const { user } of clients) await this.app.sync.poke(user);
    await Promise.all(clients.map((client, i) => client.until(counts[i]! + 1)));
    return before.map((count, i) => clients[i]!.pokes() - count - 1);
  }

  async post(user: User, path: string, body?: unknown) {
    const response = await play(this.url, { method: "POST", path: SYNC + path, token: user.token, body });
    return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
  }
}
