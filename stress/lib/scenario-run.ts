import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { type LogEntry, readLog } from "@headwater/testing/servers/read-database.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerOptions, type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { check, NOTHING_WRONG, sum, type Verdict } from "./checker.ts";
import { CLOCK_ARGS, type ClockSetting, setClock, TRUE_CLOCK, writeClock } from "./clock.ts";
import { GUEST, History } from "./history.ts";
import { type Account, Listener } from "./listener.ts";
import { expectedOf, receivedIn } from "./oracle.ts";
import { seededRandom, type Random } from "@headwater/testing/lib/seeded-random.ts";
import { RuleEdits } from "./rule-edits.ts";
import { type Rule, type Values } from "./rules.ts";
import { ensure } from "./scenario.ts";
import { until } from "./within.ts";
import { transportOf, type TransportKind } from "./transports.ts";
import { all, type Topic } from "./topics.ts";
import { accountOf } from "./accounts.ts";
import { copySeedFolder, dataFolderIn, RULES, type SeedFolder } from "./seed-folder.ts";
import { Writer } from "./writer.ts";

/** What a server may take to let go of connections. */
const DISCONNECT_TIMEOUT_MS = 30_000;

/** Where one scenario is played: a server with a folder of its own, those who listen, and what the log says. */
export class ScenarioRun implements AsyncDisposable {
  readonly random: Random;
  readonly listeners: Listener[] = [];
  readonly #excluded: Listener[] = [];
  readonly ruleEdits: RuleEdits;
  readonly world: SeedFolder;
  readonly isShort: boolean;
  /** What carries its clients' events. */
  readonly transport: TransportKind;
  readonly #seed: number;
  readonly #folder = tempDir();
  readonly #log: LogEntry[] = [];
  #logTable = "_changes";
  #server: ServerProcess | undefined;
  #options: ServerOptions = {};
  /** Rooms that messages are written in. */
  readonly rooms: string[] = [];
  #compared = 0;
  /** The seq up to which the server is known to have told everyone everything. */
  deliveredTo = 0;

  constructor(world: SeedFolder, seed: number, isShort: boolean, transport: TransportKind) {
    this.world = world;
    this.#seed = seed;
    this.transport = transport;
    this.isShort = isShort;
    this.random = seededRandom(seed);
    this.ruleEdits = new RuleEdits(world.head);
    copySeedFolder(world, this.#folder.path);
  }

  get dir(): string {
    return dataFolderIn(this.#folder.path);
  }

  get server(): ServerProcess {
    if (!this.#server) throw new Error("no server runs");
    return this.#server;
  }

  get url(): string {
    return this.server.url;
  }

  get admin(): SuperuserClient {
    return this.world.admin.at(this.url);
  }

  /** Says that so many rows or events were compared besides those that `judge` looks at. */
  compared(count: number): void {
    this.#compared += count;
  }

  /** Starts the server, for the first time or again; without options as before. */
  async start(options: ServerOptions = this.#options): Promise<void> {
    this.#options = options;
    // Clients here say over and over what they listen to.
    const args = [...(options.args ?? []), "--subscribe-rate", "100000"];
    this.#server = await startServer({ ...options, args, dir: this.dir });
    const log = this.readLog();
    this.ruleEdits.settle(log);
    this.deliveredTo = log.at(-1)!.seq;
  }

  /** Ends the server as a power cut does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends the server in order. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Starts a server whose clock can be set, and whose intervals may run faster. */
  async startWithClock(rates: Partial<ClockSetting>, args: readonly string[] = []): Promise<void> {
    this.#copyLog();
    writeClock(this.#clock, { ...TRUE_CLOCK, ...rates });
    await this.start({ args, runtimeArgs: CLOCK_ARGS });
  }

  /** @param offset what is added to the time of the server, in milliseconds */
  async setClock(offset: number): Promise<void> {
    await setClock(this.#clock, this.server.pid, { ...TRUE_CLOCK, offset });
  }

  /** From now on the database keeps a copy of each change for us, which nobody trims. */
  #copyLog(): void {
    this.alterData(`CREATE TABLE stress_changes AS SELECT * FROM _changes`);
    this.alterData(
      `CREATE TRIGGER stress_copy AFTER INSERT ON _changes BEGIN
         INSERT INTO stress_changes SELECT * FROM _changes WHERE seq = new.seq; END`,
    );
    this.#logTable = "stress_changes";
  }

  get #clock(): string {
    return join(this.#folder.path, "clock.json");
  }

  /** Waits until the log begins behind that place. */
  async trimmed(seq: number): Promise<void> {
    await until(() => (readLog(this.dir)[0]?.seq ?? Infinity) > seq, `the log is trimmed up to ${seq}`);
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  writer(): Promise<Writer> {
    return Writer.open(this.url);
  }

  /**
   * A client without a connection yet. Everyone hears the marks of `settle`.
   *
   * @param since where it begins; without it, where the log is now
   */
  async addListener(topics: readonly Topic[], account: Account = this.guest, since?: string): Promise<Listener> {
    const name = `client ${this.listeners.length}`;
    const transport = transportOf(this.transport, this.#seed + this.listeners.length);
    const listener = new Listener(name, transport, [...topics, all("marks")], account, since ?? (await this.cursor()));
    this.listeners.push(listener);
    return listener;
  }

  /** Of the snapshot that a list of now is. */
  async cursor(): Promise<string> {
    const { headers } = await request(this.url, "GET", "/api/collections/marks/records");
    return headers.get("headwater-cursor")!;
  }

  async connectListener(topics: readonly Topic[], account?: Account): Promise<Listener> {
    const listener = await this.addListener(topics, account);
    await listener.connect(this);
    return listener;
  }

  readonly guest: Account = { identity: GUEST, token: undefined };

  /** One of the world's four users, with the token that it got there. */
  user(index: number): Account {
    return accountOf(this.world.users[index]!, this.dir);
  }

  get superuser(): Account {
    return { identity: { kind: "superuser", id: "", tokenKey: "" }, token: this.world.admin.token };
  }

  async addRoom(members: readonly string[]): Promise<string> {
    const { id } = await this.admin.create("rooms", { title: "a room", members });
    this.rooms.push(id);
    return id;
  }

  editRule(collection: string, rule: Rule): Promise<void> {
    return this.ruleEdits.edit(this.admin, collection, rule);
  }

  /** Waits until those who are connected have been told of everything so far. */
  async settle(listeners: readonly Listener[] = this.listeners): Promise<void> {
    const mark = (await this.admin.create("marks", { title: "settled" })).id;
    const seq = this.readLog().findLast(({ record }) => record === mark)!.seq;
    await Promise.all(listeners.map((listener) => listener.reach(seq)));
    if (listeners.length > 0) this.deliveredTo = seq;
  }

  /** As `settle`, for clients that may be cut meanwhile: they come back until they have everything. */
  async catchUp(listeners: readonly Listener[] = this.listeners): Promise<void> {
    const mark = (await this.admin.create("marks", { title: "brought" })).id;
    const { seq } = this.readLog().findLast(({ record }) => record === mark)!;
    await Promise.all(listeners.map((listener) => listener.reconnectUntil(this, seq)));
  }

  /** All changes that this scenario's log ever held, those that were trimmed since included. */
  readLog(): readonly LogEntry[] {
    this.#log.push(...readLog(this.dir, this.#log.at(-1)?.seq, this.#logTable));
    return this.#log;
  }

  changesOf(collection: string): LogEntry[] {
    return this.readLog().filter((entry) => entry.collection === collection);
  }

  history(): History {
    const log = this.readLog();
    return new History(log, RULES, this.ruleEdits.placed(log));
  }

  /** From now on the scenario itself looks at what this one gets. */
  exclude(listener: Listener): void {
    this.listeners.splice(this.listeners.indexOf(listener), 1);
    this.#excluded.push(listener);
  }

  /** Compares what everyone got with what the log and the rules say. */
  verify(): Verdict {
    const history = this.history();
    const verdicts = this.listeners.map(({ name, sessions }) => {
      const expected = sessions.flatMap((session) => expectedOf(history, session));
      const verdict = check(expected, sessions.flatMap(receivedIn));
      return { ...verdict, first: verdict.first.map((line) => `${name}: ${line}`) };
    });
    return verdicts.reduce(sum, { ...NOTHING_WRONG, checked: this.#compared });
  }

  /** What is stored now, read by the API as a superuser. */
  async stored(collection: string, query = ""): Promise<readonly Values[]> {
    const path = `/api/collections/${collection}/records?perPage=1000&skipTotal=1${query}`;
    return (await this.admin.request<{ items: Values[] }>("GET", path)).body.items;
  }

  /** Waits until the server knows of so many connections. */
  async connected(count: number): Promise<void> {
    const look = async (): Promise<number> =>
      (await this.admin.request<{ totalItems: number }>("GET", "/api/realtime/connections")).body.totalItems;
    const deadline = performance.now() + DISCONNECT_TIMEOUT_MS;
    for (let now = await look(); now !== count; now = await look()) {
      ensure(performance.now() < deadline, `${now} connections are there, and not ${count}`);
      await Bun.sleep(20);
    }
  }

  /** Changes the database behind the back of the server, which must not run. */
  alterData(statement: string): void {
    ensure(this.#server === undefined, "the server still runs");
    using db = new Database(join(this.dir, "data.db"));
    db.run(statement);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { sessions } of [...this.listeners, ...this.#excluded])
      for (const { connection } of sessions) connection.close();
    await this.#server?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    await this.server.stop(signal);
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }
}
