import type { Random } from "@headwater/testing/lib/seeded-random.ts";
import { ApiError } from "../../src/lib/api-error.ts";
import { trimLog } from "../../src/log/retention.ts";
import { DEFAULT_AGES } from "../../src/sync/expiration.ts";
import type { Mutation } from "../../src/sync/requests.ts";
import type { Fault } from "./model-faults.ts";
import { type ClientState, ModelClient, type ModelGroup } from "./model-client.ts";
import { RULES } from "./model-rules.ts";
import { STEPS } from "./model-steps.ts";
import { ModelServer } from "./model-server.ts";
import { ModelWrites, USERS } from "./model-writes.ts";

/** Pages of one sync at most. */
const MAX_PAGES = 2_000;

const isJournal = ({ name }: Mutation): boolean => name === "journal" || name === "flaky";

/** Chance at work on a server and its clients. After each pull the client's view must be what a list shows then. */
export class Model {
  readonly server: ModelServer;
  readonly random: Random;
  readonly writes: ModelWrites;
  readonly clients: ModelClient[] = [];
  /** Of the last steps. */
  readonly recentSteps: string[] = [];
  pulls = 0;
  #made = 0;
  readonly #closed: ModelClient[] = [];

  private constructor(server: ModelServer, random: Random) {
    this.server = server;
    this.random = random;
    this.writes = new ModelWrites(server, random);
  }

  /** @throws Error with the step that went wrong */
  static async run(dir: string, random: Random, steps: number, fault?: Fault): Promise<Model> {
    const model = new Model(await ModelServer.open(dir, USERS, fault), random);
    try {
      for (const user of USERS) model.#addClient({ key: model.#name("g"), user, receivedKeys: new Set() });
      for (let step = 1; step <= steps; step += 1) await model.#step(step);
      for (const client of model.clients) await model.check(client);
      return model;
    } finally {
      await model.server.close();
    }
  }

  async #step(number: number): Promise<void> {
    this.server.advanceClock(this.random.int(0, 3));
    const total = STEPS.reduce((sum, [, { weight }]) => sum + weight, 0);
    let at = this.random.int(1, total);
    const [name, { take }] = STEPS.find(([, { weight }]) => (at -= weight) <= 0)!;
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
    // So many tabs stay open.
    if (this.clients.length > 12) this.#closed.push(...this.clients.splice(this.random.int(0, 8), 1));
    return client;
  }

  #client(): ModelClient {
    return this.random.pick(this.clients);
  }

  /** What is of tabs that were closed goes, or lists would grow without end. */
  async #tidy(): Promise<void> {
    for (const { id } of this.#closed.splice(0)) {
      const rows = await this.server.store.all({ text: "SELECT id FROM journal WHERE client = ?", values: [id] });
      for (const row of rows) await this.server.remove("journal", String(row["id"]));
    }
  }

  /** Pulls until there is no more, and compares. */
  async check(client: ModelClient, from?: ClientState): Promise<void> {
    const listed = await this.server.list(client.group.user);
    let pulled = await client.pull(this.server, from);
    for (let page = 1; ; page += 1) {
      this.pulls += 1;
      for (const text of pulled.patch) {
        const { op, key, value } = JSON.parse(text) as { op: string; key: string; value?: unknown };
        if (op === "put" && listed.get(key) !== JSON.stringify(value)) {
          throw new Error(
            `${key} was given as ${JSON.stringify(value)}, and is ${listed.get(key) ?? "not to be seen"}`,
          );
        }
      }
      if (client.id in pulled.lastMutationIDChanges) this.#checkConfirmed(client);
      if (!pulled.partial) break;
      if (page === MAX_PAGES) throw new Error("there is no end of pages");
      pulled = await client.pull(this.server);
    }
    const { view } = client.state;
    for (const [key, value] of listed) {
      if (view.get(key) !== value) throw new Error(`${key} is ${view.get(key) ?? "missing"}, and should be ${value}`);
    }
    for (const key of view.keys()) if (!listed.has(key)) throw new Error(`${key} should not be there`);
    if (client.confirmed < client.accepted && client.accepted > client.forgottenBefore) {
      throw new Error(`mutation ${client.accepted} was taken, and ${client.confirmed} is the last that is confirmed`);
    }
    const again = await client.pull(this.server);
    if (again.patch.length > 0 && !this.#isVolatile()) throw new Error(`there was more after all: ${again.patch[0]}`);
  }

  /** What is confirmed is there: the client shows its own idea of it no more. */
  #checkConfirmed({ mutations, confirmed, id, state: { view } }: ModelClient): void {
    const there = new Set<unknown>();
    for (const [key, text] of view) {
      if (!key.startsWith("journal/")) continue;
      const { client, mutation } = JSON.parse(text) as { client: string; mutation: number };
      if (client === id) there.add(mutation);
    }
    const missing = mutations.find(
      (mutation) => isJournal(mutation) && mutation.id <= confirmed && !there.has(mutation.id),
    );
    if (missing) throw new Error(`mutation ${missing.id} is confirmed, and what it did is not there`);
  }

  #isVolatile(): boolean {
    return this.server.collections.some(({ listRule }) => listRule?.includes("@now"));
  }

  /** Each call of a mutator has left one record, in their order. */
  async #checkJournal(client: ModelClient): Promise<void> {
    const rows = await this.server.store.all({
      text: "SELECT mutation FROM journal WHERE client = ? ORDER BY rowid",
      values: [client.id],
    });
    const expected = client.mutations.filter(
      ({ id, name }) => id <= client.sent && (name === "journal" || name === "flaky"),
    );
    const [got, wanted] = [rows.map(({ mutation }) => Number(mutation)), expected.map(({ id }) => id)];
    // Those behind the last answer may be done already.
    const least = wanted.filter((id) => id <= client.accepted).length;
    if (JSON.stringify(wanted.slice(0, Math.max(least, got.length))) !== JSON.stringify(got)) {
      throw new Error(`of the mutations ${wanted.join()} there were done ${got.join()}`);
    }
  }

  async mutate(client = this.#client()): Promise<void> {
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

  async push(client = this.#client()): Promise<void> {
    const pending = client.pending(this.random.int(0, 3));
    await client.push(this.server, this.random.chance(80) ? pending : pending.slice(0, -1));
    await this.#checkJournal(client);
  }

  /** Several at once, some of them of one group: what each is given may be of any moment, but ends well. */
  async pullAndPushConcurrently(): Promise<void> {
    const one = this.#client();
    const works = [
      this.writes.write(),
      one.pull(this.server),
      this.writes.write(),
      one.pull(this.server, this.random.pick(one.earlierStates)),
      this.#client().pull(this.server),
      this.push(one),
      this.writes.write(),
    ];
    const outcomes = await Promise.allSettled(works);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    await this.check(one);
  }

  async useForgedCookie(): Promise<void> {
    const { random } = this;
    const client = this.#client();
    const other = this.#client();
    const cookie = client.state.cookie ?? { order: 1, group: "g0", life: "x", version: 1, pushes: 0 };
    const forged = random.pick<unknown>([
      { ...cookie, version: cookie.version + random.int(-5, 5) },
      { ...cookie, life: random.pick(["", "x", other.state.cookie?.life]) },
      { ...cookie, group: random.pick(["", other.group.key]) },
      { ...cookie, order: random.pick([0, -1, 1e300, 2 ** 50, cookie.order + 7]) },
      other.state.cookie,
      random.pick<unknown>([7, "7", "", [], {}, { order: "x" }, null, true]),
    ]);
    // A first pull with the cookie of another group of the same user goes on from that one's state.
    if (other.group.user === client.group.user)
      for (const key of other.group.receivedKeys) client.group.receivedKeys.add(key);
    const listed = await this.server.list(client.group.user);
    const pulled = await this.server.pull(client.group.user, client.group.key, forged);
    for (const text of pulled?.patch ?? []) {
      const { op, key } = JSON.parse(text) as { op: string; key: string };
      const isTheirs = op === "put" ? listed.has(key) : op === "clear" || client.group.receivedKeys.has(key);
      if (!isTheirs) throw new Error(`${JSON.stringify(forged)} was told of ${key}`);
      if (op === "put") client.group.receivedKeys.add(key);
    }
    await this.check(client);
  }

  async useForeignGroup(): Promise<void> {
    const { group } = this.#client();
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
      if (!isRefused(error)) throw new Error(`${user} was let into the group of ${group.user}: ${String(error)}`);
    }
  }

  async forkGroup(): Promise<void> {
    const from = this.#client();
    const group = { key: this.#name("g"), user: from.group.user, receivedKeys: new Set(from.group.receivedKeys) };
    const client = this.#addClient(group, this.random.chance(80) ? from.state : this.random.pick(from.earlierStates));
    await this.check(client);
  }

  async useForeignCookie(): Promise<void> {
    const from = this.#client();
    const group = { key: this.#name("g"), user: this.random.pick(USERS), receivedKeys: new Set<string>() };
    if (from.group.user === group.user) return;
    await this.check(this.#addClient(group, { cookie: from.state.cookie, view: new Map(), confirmed: 0 }));
  }

  async newTab(): Promise<void> {
    const { group, state } = this.#client();
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

  /** For a moment nobody may see a collection; some read a page in it. */
  async hideBriefly(): Promise<void> {
    const name = this.random.pick(Object.keys(RULES));
    const { listRule } = this.server.collection(name);
    await this.server.redefine(name, { listRule: null });
    for (let i = this.random.int(1, 4); i > 0; i -= 1) {
      const client = this.#client();
      await client.pull(this.server, this.random.pick(client.earlierStates));
    }
    await this.server.redefine(name, { listRule });
  }

  trim(): Promise<unknown> {
    return trimLog(this.server.store, { maxAgeMs: 1e12, maxChanges: this.random.int(1, 20) }, this.server.now);
  }

  restart(): Promise<void> {
    return this.server.restart(this.random.chance(20));
  }

  anyClient(): ModelClient {
    return this.#client();
  }
}
