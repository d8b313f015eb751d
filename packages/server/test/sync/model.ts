import type { Random } from "@headwater/testing/lib/seeded-random.ts";
import { ApiError } from "../../src/lib/api-error.ts";
import { trimLog } from "../../src/log/retention.ts";
import { DEFAULT_AGES } from "../../src/sync/expiration.ts";
import type { Mutation } from "../../src/sync/requests.ts";
import type { Fault } from "./model-faults.ts";
import { pickStep, type RandomSteps } from "./random-step.ts";
import { type ClientState, ModelClient, type ModelGroup } from "./model-client.ts";
import { RULES } from "./model-rules.ts";
import { ModelServer } from "./model-server.ts";
import { ModelWrites, USERS } from "./model-writes.ts";

/** The maximum number of pages of one sync. */
const MAX_PAGES = 2_000;

const isJournal = ({ name }: Mutation): boolean => name === "journal" || name === "flaky";

interface ModelRunOptions {
  readonly dir: string;
  readonly random: Random;
  readonly steps: number;
  readonly kinds: RandomSteps<Model>;
  readonly fault?: Fault | undefined;
}

/** Takes random steps on a server and its clients. After each pull, a client's view must equal a list request's result. */
export class Model {
  readonly server: ModelServer;
  readonly random: Random;
  readonly writes: ModelWrites;
  readonly clients: ModelClient[] = [];
  /** The names of the last steps. */
  readonly recentSteps: string[] = [];
  pulls = 0;
  #made = 0;
  readonly #closed: ModelClient[] = [];

  private constructor(server: ModelServer, random: Random) {
    this.server = server;
    this.random = random;
    this.writes = new ModelWrites(server, random);
  }

  /** @throws Error with the steps that led to a failure */
  static async run({ dir, random, steps, kinds, fault }: ModelRunOptions): Promise<Model> {
    const model = new Model(await ModelServer.open(dir, USERS, fault), random);
    try {
      for (const user of USERS) model.#addClient({ key: model.#name("g"), user, receivedKeys: new Set() });
      for (let step = 1; step <= steps; step += 1) await model.#step(step, kinds);
      for (const client of model.clients) await model.check(client);
      return model;
    } finally {
      await model.server.close();
    }
  }

  async #step(number: number, kinds: RandomSteps<Model>): Promise<void> {
    this.server.advanceClock(this.random.int(0, 3));
    const [name, { take }] = pickStep(kinds, this.random);
    this.recentSteps.push(name);
    if (this.recentSteps.length > 12) this.recentSteps.shift();
    try {
      await take(this);
      await this.#tidy();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`step ${number} (${this.recentSteps.join(", ")}): ${message}`, { cause: error });
    }
  }

  #name(prefix: string): string {
    return `${prefix}${(this.#made += 1)}`;
  }

  #addClient(group: ModelGroup, kept?: ClientState): ModelClient {
    const client = new ModelClient(this.#name("c"), group, kept);
    this.clients.push(client);
    // At most 12 tabs stay open.
    if (this.clients.length > 12) this.#closed.push(...this.clients.splice(this.random.int(0, 8), 1));
    return client;
  }

  anyClient(): ModelClient {
    return this.random.pick(this.clients);
  }

  /** Deletes the journal records of closed tabs, so that lists stay short. */
  async #tidy(): Promise<void> {
    for (const { id } of this.#closed.splice(0)) {
      const rows = await this.server.store.all({ text: "SELECT id FROM journal WHERE client = ?", values: [id] });
      for (const row of rows) await this.server.remove("journal", String(row["id"]));
    }
  }

  /** Pulls until the client is up to date, and compares its view with a list. */
  async check(client: ModelClient, from?: ClientState): Promise<void> {
    const listed = await this.server.list(client.group.user);
    let pulled = await client.pull(this.server, from);
    for (let page = 1; ; page += 1) {
      this.pulls += 1;
      for (const text of pulled.patch) {
        const { op, key, value } = JSON.parse(text) as { op: string; key: string; value?: unknown };
        if (op === "put" && listed.get(key) !== JSON.stringify(value)) {
          throw new Error(`${key} was sent as ${JSON.stringify(value)}, but is ${listed.get(key) ?? "not visible"}`);
        }
      }
      if (client.id in pulled.lastMutationIDChanges) this.#checkConfirmed(client);
      if (!pulled.partial) break;
      if (page === MAX_PAGES) throw new Error("the pages do not end");
      pulled = await client.pull(this.server);
    }
    const { view } = client.state;
    for (const [key, value] of listed) {
      if (view.get(key) !== value) throw new Error(`${key} is ${view.get(key) ?? "missing"}, expected ${value}`);
    }
    for (const key of view.keys()) if (!listed.has(key)) throw new Error(`${key} should not be in the view`);
    if (client.confirmed < client.accepted && client.accepted > client.forgottenBefore) {
      throw new Error(`mutation ${client.accepted} was accepted, but the last confirmed one is ${client.confirmed}`);
    }
    const again = await client.pull(this.server);
    if (again.patch.length > 0 && !this.#isVolatile()) throw new Error(`a page came after the last: ${again.patch[0]}`);
  }

  /** The results of confirmed mutations are in the view, since the client has dropped its optimistic versions. */
  #checkConfirmed({ mutations, confirmed, id, state: { view } }: ModelClient): void {
    const present = new Set<unknown>();
    for (const [key, text] of view) {
      if (!key.startsWith("journal/")) continue;
      const { client, mutation } = JSON.parse(text) as { client: string; mutation: number };
      if (client === id) present.add(mutation);
    }
    const missing = mutations.find(
      (mutation) => isJournal(mutation) && mutation.id <= confirmed && !present.has(mutation.id),
    );
    if (missing) throw new Error(`mutation ${missing.id} is confirmed, but its result is missing`);
  }

  #isVolatile(): boolean {
    return this.server.collections.some(({ listRule }) => listRule?.includes("@now"));
  }

  /** Each mutation has created one journal record, in order. */
  async #checkJournal(client: ModelClient): Promise<void> {
    const rows = await this.server.store.all({
      text: "SELECT mutation FROM journal WHERE client = ? ORDER BY rowid",
      values: [client.id],
    });
    const expected = client.mutations.filter((mutation) => mutation.id <= client.sent && isJournal(mutation));
    const [got, wanted] = [rows.map(({ mutation }) => Number(mutation)), expected.map(({ id }) => id)];
    // Mutations after the last response may have run already.
    const least = wanted.filter((id) => id <= client.accepted).length;
    if (JSON.stringify(wanted.slice(0, Math.max(least, got.length))) !== JSON.stringify(got)) {
      throw new Error(`the mutations were ${wanted.join()}, but ${got.join()} ran`);
    }
  }

  async mutate(client = this.anyClient()): Promise<void> {
    const { random } = this;
    for (let i = random.int(1, 4); i > 0; i -= 1) {
      const next = client.mutations.length + 1;
      const entry = { client: client.id, mutation: next };
      const name = random.pick(["todos", "lists"]);
      const id = random.chance(70) ? await this.writes.id(name) : `made${next}by${client.id}`.padEnd(15, "0");
      const data = { ...(await this.writes.body(name)), ...(random.chance(70) && { owner: client.group.user }) };
      const action = random.pick(["create", "update", "delete"]);
      random.pick([
        () => client.mutate("journal", entry),
        () => client.mutate("flaky", entry),
        () => client.mutate(action, { collection: name, id, data }),
        () => client.mutate("nothing", entry),
        () => client.mutate("create", random.pick([null, { collection: "nowhere", id }, { collection: name }])),
      ])();
    }
  }

  async push(client = this.anyClient()): Promise<void> {
    const pending = client.pending(this.random.int(0, 3));
    await client.push(this.server, this.random.chance(80) ? pending : pending.slice(0, -1));
    await this.#checkJournal(client);
  }

  /** Concurrent requests, some of one group. Each may see any intermediate state, but the client converges. */
  async pullAndPushConcurrently(): Promise<void> {
    const one = this.anyClient();
    const works = [
      this.writes.write(),
      one.pull(this.server),
      this.writes.write(),
      one.pull(this.server, this.random.pick(one.earlierStates)),
      this.anyClient().pull(this.server),
      this.push(one),
      this.writes.write(),
    ];
    const outcomes = await Promise.allSettled(works);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    await this.check(one);
  }

  async useForgedCookie(): Promise<void> {
    const { random } = this;
    const client = this.anyClient();
    const other = this.anyClient();
    const cookie = client.state.cookie ?? { order: 1, group: "g0", life: "x", version: 1, pushes: 0 };
    const forged = random.pick<unknown>([
      { ...cookie, version: cookie.version + random.int(-5, 5) },
      { ...cookie, life: random.pick(["", "x", other.state.cookie?.life]) },
      { ...cookie, group: random.pick(["", other.group.key]) },
      { ...cookie, order: random.pick([0, -1, 1e300, 2 ** 50, cookie.order + 7]) },
      other.state.cookie,
      random.pick<unknown>([7, "7", "", [], {}, { order: "x" }, null, true]),
    ]);
    // A first pull with a cookie of another group of the same user continues from that group's view.
    if (other.group.user === client.group.user)
      for (const key of other.group.receivedKeys) client.group.receivedKeys.add(key);
    const listed = await this.server.list(client.group.user);
    const pulled = await this.server.pull(client.group.user, client.group.key, forged);
    for (const text of pulled?.patch ?? []) {
      const { op, key } = JSON.parse(text) as { op: string; key: string };
      const isAllowed = op === "put" ? listed.has(key) : op === "clear" || client.group.receivedKeys.has(key);
      if (!isAllowed) throw new Error(`the cookie ${JSON.stringify(forged)} got ${key}`);
      if (op === "put") client.group.receivedKeys.add(key);
    }
    await this.check(client);
  }

  async useForeignGroup(): Promise<void> {
    const { group } = this.anyClient();
    const user = this.random.pick(USERS.filter((id) => id !== group.user));
    const isRefused = (error: unknown): boolean => error instanceof ApiError && error.status === 403;
    const works = [
      () => this.server.pull(user, group.key, null),
      () => this.server.push(user, group.key, [{ clientID: "thief", id: 1, name: "journal", args: {} }]),
    ];
    const known =
      (await this.server.store.first({ text: "SELECT 1 FROM _sync_groups WHERE key = ?", values: [group.key] })) !==
      undefined;
    if (!known) return;
    for (const work of works) {
      const error = await work().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (!isRefused(error)) throw new Error(`${user} could use the group of ${group.user}: ${String(error)}`);
    }
  }

  async forkGroup(): Promise<void> {
    const from = this.anyClient();
    const group = { key: this.#name("g"), user: from.group.user, receivedKeys: new Set(from.group.receivedKeys) };
    const client = this.#addClient(group, this.random.chance(80) ? from.state : this.random.pick(from.earlierStates));
    await this.check(client);
  }

  async useForeignCookie(): Promise<void> {
    const from = this.anyClient();
    const group = { key: this.#name("g"), user: this.random.pick(USERS), receivedKeys: new Set<string>() };
    if (from.group.user === group.user) return;
    await this.check(this.#addClient(group, { cookie: from.state.cookie, view: new Map(), confirmed: 0 }));
  }

  async newTab(): Promise<void> {
    const { group, state } = this.anyClient();
    await this.check(this.#addClient(group, this.random.chance(50) ? state : undefined));
  }

  async expire(): Promise<void> {
    const { random, server } = this;
    if (random.chance(70)) return server.expire(server.now, { ...DEFAULT_AGES, viewMs: random.int(0, 2) * 3_600_000 });
    for (const client of this.clients) {
      while (client.accepted < client.mutations.length) await client.push(server, client.pending(0));
      await this.check(client);
      client.forgottenBefore = client.accepted;
    }
    await server.expire(new Date(server.now.getTime() + 1), { viewMs: 0, clientMs: 0 });
  }

  /** Hides a collection briefly, while some clients pull a page. */
  async hideBriefly(): Promise<void> {
    const name = this.random.pick(Object.keys(RULES));
    const { listRule } = this.server.collection(name);
    await this.server.redefine(name, { listRule: null });
    for (let i = this.random.int(1, 4); i > 0; i -= 1) {
      const client = this.anyClient();
      await client.pull(this.server, this.random.pick(client.earlierStates));
    }
    await this.server.redefine(name, { listRule });
  }

  trim(): Promise<unknown> {
    return trimLog(
      this.server.store,
      { maxAgeMs: 1e12, maxChanges: this.random.int(1, 20), maxBytes: 0 },
      this.server.now,
    );
  }

  restart(): Promise<void> {
    return this.server.restart(this.random.chance(20));
  }
}
