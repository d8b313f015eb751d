import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Query, type Row, type Sql, toQuery } from "../sql.ts";
import { type Reader, StoreError } from "../store.ts";
import { toStoreError } from "../system-error.ts";
import type { ReaderReply, ReaderRequest, ReaderSettings } from "./reader-messages.ts";

const SCRIPT = fileURLToPath(new URL("./reader-main.ts", import.meta.url));

interface Waiting {
  readonly rows: Row[];
  readonly resolve: (rows: Row[]) => void;
  readonly reject: (error: StoreError) => void;
}

/** A process that reads the database. Requests run in their order. */
export class ReaderProcess implements Reader {
  readonly #child: Bun.Subprocess<"ignore", "inherit", "inherit">;
  /** In the order of their requests. */
  readonly #waiting: Waiting[] = [];
  readonly #writes: boolean;
  #ended: StoreError | undefined;
  #runs = false;
  /** Whether the next statement begins a snapshot. */
  #begins = false;

  /** @throws StoreError if the system can't start another process now */
  static start(settings: ReaderSettings, onEnd: () => void): ReaderProcess {
    try {
      return new ReaderProcess(settings, onEnd);
    } catch (error) {
      throw toStoreError(error);
    }
  }

  private constructor(settings: ReaderSettings, onEnd: () => void) {
    this.#writes = settings.writes === true;
    this.#child = Bun.spawn([process.execPath, SCRIPT, JSON.stringify(settings)], {
      // Settings of the application's own folder, such as a `.env`, are not for it.
      cwd: dirname(SCRIPT),
      stdio: ["ignore", "inherit", "inherit"],
      serialization: "advanced",
      ipc: (message: ReaderReply) => this.#receive(message),
      onExit: () => {
        this.#end(new StoreError("other", "a reader process ended"));
        onEnd();
      },
    });
    this.#child.unref();
  }

  get isAlive(): boolean {
    return this.#ended === undefined;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get memoryBytes(): number | undefined {
    return memoryOf(this.pid);
  }

  /** Begins a snapshot or transaction, once the process runs. One that runs begins it with the first statement. */
  async begin(): Promise<void> {
    if (this.#runs && !this.#writes) this.#begins = true;
    else await this.#request({ kind: "begin" });
    this.#runs = true;
  }

  /** Ends the snapshot, before anything else that it is asked for. */
  async end(): Promise<void> {
    if (!this.#begins) await this.#request({ kind: "end" });
    this.#begins = false;
  }

  /** Moves what it has written to the disk as far as that can be done before the commit. */
  async settle(): Promise<void> {
    await this.#request({ kind: "settle" });
  }

  /** Commits what it has written. @throws StoreError if it ended before */
  async commit(): Promise<void> {
    await this.#request({ kind: "commit" });
  }

  /** @returns the number of rows changed */
  async run(statement: Sql | Query): Promise<number> {
    const { text, values } = toQuery(statement);
    const [row] = await this.#request({ kind: "run", text, values });
    return Number(row?.["changes"]);
  }

  all(statement: Sql | Query): Promise<Row[]> {
    const { text, values, isReusable } = toQuery(statement);
    const begins = this.#begins;
    this.#begins = false;
    return this.#request({ kind: "all", text, values, isReusable, begins });
  }

  async first(statement: Sql | Query): Promise<Row | undefined> {
    return (await this.all(statement))[0];
  }

  /** Ends the process at once, whatever it is doing; its requests reject with the reason. Resolves when it is gone. */
  async kill(reason: StoreError): Promise<void> {
    this.#end(reason);
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  #request(request: ReaderRequest): Promise<Row[]> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ rows: [], resolve, reject }) === 1) this.#child.ref();
      this.#child.send(request);
    });
  }

  #receive(reply: ReaderReply): void {
    const [waiting] = this.#waiting;
    if (!waiting) return;
    if (reply.kind === "rows") {
      for (const row of reply.rows) waiting.rows.push(row);
      return;
    }
    this.#waiting.shift();
    // An idle reader keeps no program from ending.
    if (this.#waiting.length === 0) this.#child.unref();
    if (reply.kind === "done") waiting.resolve([...waiting.rows, ...reply.rows]);
    else waiting.reject(new StoreError(reply.error, reply.message));
  }

  #end(error: StoreError): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

/** The memory that a process holds, without what it shares with the files it maps; `undefined` where the system doesn't say. */
export function memoryOf(pid: number): number | undefined {
  try {
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1_024;
  } catch {
    return undefined;
  }
}
