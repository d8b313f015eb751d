import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { type LogEntry, KEPT_LOG, keepLog, readLog } from "@headwater/testing/servers/read-database.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerOptions, type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { check, NO_FAULTS, sum, type Verdict } from "./checker.ts";
import { CLOCK_ARGS, type ClockSetting, setClock, REAL_CLOCK, writeClock } from "./clock/clock.ts";
import { GUEST, History } from "./history.ts";
import { type Account, Listener } from "./listener.ts";
import { expectedOf, receivedIn } from "./oracle.ts";
import { seededRandom, type Random } from "@headwater/testing/lib/seeded-random.ts";
import { RuleEdits } from "./rule-edits.ts";
import { type Rule, type Values } from "./rules.ts";
import { ensure } from "./ensure.ts";
import type { Figures } from "./attack/figures.ts";
import { knownFlags } from "./server-flags.ts";
import { until } from "./within.ts";
import { transportOf, type TransportKind } from "./transports.ts";
import { all, type Topic } from "./topics.ts";
import { accountOf } from "./accounts.ts";
import { copySeedFolder, dataFolderIn, RULES, type SeedFolder } from "./seed-folder.ts";
import { Writer } from "./writer.ts";

/** How long a server may take to close connections. */
const DISCONNECT_TIMEOUT_MS = 30_000;

/** One run of a scenario: a server on its own data folder, its listeners and its log. */
export class ScenarioRun implements AsyncDisposable {
  readonly random: Random;
  readonly listeners: Listener[] = [];
  readonly #excluded: Listener[] = [];
  readonly ruleEdits: RuleEdits;
  readonly seedFolder: SeedFolder;
  readonly isShort: boolean;
  /** How its clients connect. */
  readonly transport: TransportKind;
  readonly #seed: number;
  readonly #folder = tempDir();
  readonly #log: LogEntry[] = [];
  #server: ServerProcess | undefined;
  #options: ServerOptions = {};
  /** Ids of the rooms that messages are written to. */
  readonly rooms: string[] = [];
  #checkedByScenario = 0;
  /** What the scenario measured, for the table at the end. */
  figures: Figures | undefined;
  /** The server has delivered everything up to this seq to everyone. */
  deliveredTo = 0;

  constructor(seedFolder: SeedFolder, seed: number, isShort: boolean, transport: TransportKind) {
    this.seedFolder = seedFolder;
    this.#seed = seed;
    this.transport = transport;
    this.isShort = isShort;
    this.random = seededRandom(seed);
    this.ruleEdits = new RuleEdits(seedFolder.head);
    copySeedFolder(seedFolder, this.#folder.path);
    keepLog(this.dir);
  }

  get dir(): string {
    return dataFolderIn(this.#folder.path);
  }

  get server(): ServerProcess {
    if (!this.#server) throw new Error("the server is not running");
    return this.#server;
  }

  get url(): string {
    return this.server.url;
  }

  get admin(): SuperuserClient {
    return this.seedFolder.admin.at(this.url);
  }

  /** Counts rows or events that the scenario compared itself, besides those that `verify` checks. */
  compared(count: number): void {
    this.#checkedByScenario += count;
  }

  /** Starts or restarts the server; without options, with the previous ones. */
  async start(options: ServerOptions = this.#options): Promise<void> {
    this.#options = options;
    // Clients here subscribe far more often than real ones.
    const { root } = this.seedFolder;
    const args = await knownFlags([...(options.args ?? []), "--subscribe-rate", "100000"], root);
    this.#server = await startServer({ ...options, args, root, dir: this.dir });
    const log = this.readLog();
    this.ruleEdits.settle(log);
    this.deliveredTo = log.at(-1)!.seq;
  }

  /** Kills the server without a chance to clean up. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops the server gracefully. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Starts a server with an adjustable clock, whose intervals may run faster. */
  async startWithClock(rates: Partial<ClockSetting>, args: readonly string[] = []): Promise<void> {
    writeClock(this.#clockFile, { ...REAL_CLOCK, ...rates });
    await this.start({ args, runtimeArgs: CLOCK_ARGS });
  }

  /** @param offset milliseconds added to the server's time */
  async setClock(offset: number): Promise<void> {
    await setClock(this.#clockFile, this.server.pid, { ...REAL_CLOCK, offset });
  }

  get #clockFile(): string {
    return join(this.#folder.path, "clock.json");
  }

  /** Waits until the log starts after that seq. */
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
   * Adds a client that is not yet connected. Every client also subscribes to the marks of `settle`.
   *
   * @param since the cursor to start from; the log's current end by default
   */
  async addListener(topics: readonly Topic[], account: Account = this.guest, since?: string): Promise<Listener> {
    const name = `client ${this.listeners.length}`;
    const transport = transportOf(this.transport, this.#seed + this.listeners.length);
    const listener = new Listener(name, transport, [...topics, all("marks")], account, since ?? (await this.cursor()));
    this.listeners.push(listener);
    return listener;
  }

  /** The cursor of a list request made now. */
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

  /** One of the seed folder's four users, with the token issued there. */
  user(index: number): Account {
    return accountOf(this.seedFolder.users[index]!, this.dir);
  }

  get superuser(): Account {
    return { identity: { kind: "superuser", id: "", tokenKey: "" }, token: this.seedFolder.admin.token };
  }

  async addRoom(members: readonly string[]): Promise<string> {
    const { id } = await this.admin.create("rooms", { title: "a room", members });
    this.rooms.push(id);
    return id;
  }

  editRule(collection: string, rule: Rule): Promise<void> {
    return this.ruleEdits.edit(this.admin, collection, rule);
  }

  /** Waits until the connected listeners have received everything committed so far. */
  async settle(listeners: readonly Listener[] = this.listeners): Promise<void> {
    const mark = (await this.admin.create("marks", { title: "settled" })).id;
    const seq = this.readLog().findLast(({ record }) => record === mark)!.seq;
    await Promise.all(listeners.map((listener) => listener.reach(seq)));
    if (listeners.length > 0) this.deliveredTo = seq;
  }

  /** Like `settle`, for clients that may be disconnected meanwhile: they reconnect until they have everything. */
  async catchUp(listeners: readonly Listener[] = this.listeners): Promise<void> {
    const mark = (await this.admin.create("marks", { title: "caught up" })).id;
    const { seq } = this.readLog().findLast(({ record }) => record === mark)!;
    await Promise.all(listeners.map((listener) => listener.reconnectUntil(this, seq)));
  }

  /** All changes the log ever held, with what was trimmed or erased since. */
  readLog(): readonly LogEntry[] {
    this.#log.push(...readLog(this.dir, this.#log.at(-1)?.seq, KEPT_LOG));
    return this.#log;
  }

  changesOf(collection: string): LogEntry[] {
    return this.readLog().filter((entry) => entry.collection === collection);
  }

  history(): History {
    const log = this.readLog();
    return new History(log, RULES, this.ruleEdits.ruleChanges(log));
  }

  /** Leaves a listener out of `verify`: the scenario checks it itself. */
  exclude(listener: Listener): void {
    this.listeners.splice(this.listeners.indexOf(listener), 1);
    this.#excluded.push(listener);
  }

  /** Compares what each listener received with the log and the rules. */
  verify(): Verdict {
    const history = this.history();
    const verdicts = this.listeners.map(({ name, sessions }) => {
      const expected = sessions.flatMap((session) => expectedOf(history, session));
      const verdict = check(expected, sessions.flatMap(receivedIn));
      return { ...verdict, first: verdict.first.map((line) => `${name}: ${line}`) };
    });
    return verdicts.reduce(sum, { ...NO_FAULTS, checked: this.#checkedByScenario });
  }

  /** The records stored now, read over the API as a superuser. */
  async stored(collection: string, query = ""): Promise<readonly Values[]> {
    const path = `/api/collections/${collection}/records?perPage=1000&skipTotal=1${query}`;
    return (await this.admin.request<{ items: Values[] }>("GET", path)).body.items;
  }

  /** Waits until the server reports this many connections. */
  async connected(count: number): Promise<void> {
    const readCount = async (): Promise<number> =>
      (await this.admin.request<{ totalItems: number }>("GET", "/api/realtime/connections")).body.totalItems;
    const deadline = performance.now() + DISCONNECT_TIMEOUT_MS;
    for (let now = await readCount(); now !== count; now = await readCount()) {
      ensure(performance.now() < deadline, `the server has ${now} connections instead of ${count}`);
      await Bun.sleep(20);
    }
  }

  /** Runs SQL on the database directly. The server must be stopped. */
  alterData(statement: string): void {
    ensure(this.#server === undefined, "stop the server before changing its database");
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
