import { processesOf } from "@headwater/testing/servers/process-stats.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { now } from "./clock.ts";
import { formatStamp } from "./stamp.ts";
import type { Target } from "../targets/target.ts";

/** Publishes events over a few connections: alone, or all of a tick at once. */
export class Publisher implements Disposable {
  readonly #target: Target;
  readonly #connections: RawConnection[];
  #idle: RawConnection[];
  readonly #path: string;
  #next = 0;

  private constructor(target: Target, connections: RawConnection[]) {
    this.#target = target;
    this.#connections = connections;
    this.#idle = [...connections];
    this.#path = new URL(target.publishUrl).pathname;
  }

  /** @param most how many events may be under way at the same time */
  static async open(target: Target, most: number): Promise<Publisher> {
    const connections = Array.from({ length: most }, () => RawConnection.open(target.publishUrl));
    return new Publisher(target, await Promise.all(connections));
  }

  /** How many events may be under way at the same time. */
  get lanes(): number {
    return this.#connections.length;
  }

  /** Events so far. */
  get published(): number {
    return this.#next;
  }

  /** Begins at event 0 again. */
  restart(): void {
    this.#next = 0;
  }

  /** Opens anew what a server has closed: it does so with connections that say nothing for a minute. */
  async wake(): Promise<void> {
    for (const [at, connection] of this.#connections.entries()) {
      if (connection.closed) this.#connections[at] = await RawConnection.open(this.#target.publishUrl);
    }
    this.#idle = [...this.#connections];
  }

  /** Resolves when the server has taken the event. */
  async publish(): Promise<void> {
    const connection = this.#idle.pop();
    if (!connection) throw new Error("more events at the same time than connections");
    const title = formatStamp({ index: this.#next, at: now() });
    connection.send("POST", this.#path, this.#target.body(this.#next, title));
    this.#next += 1;
    const response = await connection.response();
    if (!response || response.status < 200 || response.status > 299) {
      throw new Error(`an event was refused: ${response?.status} ${response?.body}`);
    }
    this.#idle.push(connection);
  }

  /**
   * Resolves when the server has taken all events. More than one find the server stopped and are all in its sockets
   * when it goes on: so it meets them in one turn of its loop, whoever wins which race.
   */
  async tick(events: number): Promise<void> {
    const processes = events > 1 ? processesOf(this.#target.pid) : [];
    for (const pid of processes) process.kill(pid, "SIGSTOP");
    const answers = Array.from({ length: events }, () => this.publish());
    for (const pid of processes) process.kill(pid, "SIGCONT");
    await Promise.all(answers);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}
