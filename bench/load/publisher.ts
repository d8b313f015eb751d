import { processesOf } from "@headwater/testing/servers/process-stats.ts";
import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { now } from "./clock.ts";
import { formatProbe } from "./probe.ts";
import type { Target } from "../targets/target.ts";

/** Publishes events over a few connections, one at a time or a whole tick at once. */
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

  /** @param concurrency how many events may be in flight at the same time */
  static async open(target: Target, concurrency: number): Promise<Publisher> {
    const connections = Array.from({ length: concurrency }, () => RawConnection.open(target.publishUrl));
    return new Publisher(target, await Promise.all(connections));
  }

  /** How many events may be in flight at the same time. */
  get concurrency(): number {
    return this.#connections.length;
  }

  /** The number of events published so far. */
  get published(): number {
    return this.#next;
  }

  /** Restarts at event 0. */
  restart(): void {
    this.#next = 0;
  }

  /** Reopens connections that the server closed: servers close those that are idle for a minute. */
  async reconnect(): Promise<void> {
    for (const [at, connection] of this.#connections.entries()) {
      if (connection.closed) this.#connections[at] = await RawConnection.open(this.#target.publishUrl);
    }
    this.#idle = [...this.#connections];
  }

  /** Resolves when the server has accepted the event. */
  async publish(): Promise<void> {
    const connection = this.#idle.pop();
    if (!connection) throw new Error("more events in flight than connections");
    const title = formatProbe({ index: this.#next, sentAt: now() });
    connection.send("POST", this.#path, this.#target.body(this.#next, title));
    this.#next += 1;
    const response = await connection.response();
    if (!response || response.status < 200 || response.status > 299) {
      throw new Error(`publishing an event failed: ${response?.status} ${response?.body}`);
    }
    this.#idle.push(connection);
  }

  /**
   * Resolves when the server has accepted all events. Several events are sent while the server is stopped (SIGSTOP), so
   * that it finds all of them in its sockets and handles them in one event-loop iteration.
   */
  async tick(events: number): Promise<void> {
    const processes = events > 1 ? processesOf(this.#target.pid) : [];
    for (const pid of processes) process.kill(pid, "SIGSTOP");
    const responses = Array.from({ length: events }, () => this.publish());
    for (const pid of processes) process.kill(pid, "SIGCONT");
    await Promise.all(responses);
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close();
  }
}
