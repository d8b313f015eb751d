import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { now } from "./clock.ts";
import { deliveriesOf, type Groups } from "./groups.ts";
import { Publisher } from "./publisher.ts";
import { ReaderProcess } from "./reader-process.ts";
import type { PhaseResult } from "./readers.ts";
import type { Target } from "../targets/target.ts";
import { warmUp } from "./warm-up.ts";

/** The result of one phase. */
export interface PhaseMeasurement extends PhaseResult {
  readonly changes: number;
  readonly expected: number;
  /** From the start of a tick to its last delivery, summed over all ticks. */
  readonly milliseconds: number;
  readonly cpuMicros: number;
}

/** A warmed-up server with its subscribers and a publisher. */
export class LoadTest implements AsyncDisposable {
  readonly target: Target;
  readonly readers: ReaderProcess;
  readonly publisher: Publisher;
  readonly #groups: Groups;
  #milliseconds = 0;
  #cpuMicros = 0;
  #allDelivered = true;

  private constructor(target: Target, readers: ReaderProcess, publisher: Publisher, subscribers: number) {
    this.target = target;
    this.readers = readers;
    this.publisher = publisher;
    this.#groups = { subscribers, count: target.groups };
  }

  /** Starts and warms up the server, without subscribers: see `listen`. */
  static async open(start: () => Promise<Target>, subscribers: number, maxChangesPerTick: number): Promise<LoadTest> {
    await using started = new AsyncDisposableStack();
    const target = started.use(await start());
    const readers = started.use(new ReaderProcess());
    const publisher = started.use(await Publisher.open(target, maxChangesPerTick));
    await warmUp(target, readers, publisher);
    started.move();
    return new LoadTest(target, readers, publisher, subscribers);
  }

  listen(): Promise<void> {
    return this.readers.open(this.target.subscription, this.#groups.subscribers);
  }

  /** Starts a phase. */
  async begin(): Promise<void> {
    this.publisher.restart();
    await this.publisher.reconnect();
    this.#milliseconds = 0;
    this.#cpuMicros = 0;
    await this.readers.begin(this.#groups);
  }

  /**
   * Repeats ticks, each of which makes `changes` changes at once and waits for all deliveries, until the phase has taken
   * this long. Stops early if deliveries are missing.
   */
  async tickUntil(milliseconds: number, changes: number): Promise<void> {
    await this.publisher.reconnect();
    const cpuBefore = readStats(this.target.pid).cpuMicros;
    while (this.#allDelivered && (this.#milliseconds < milliseconds || this.publisher.published === 0)) {
      const startedAt = now();
      await this.publisher.tick(changes);
      await this.settled();
      this.#milliseconds += now() - startedAt;
    }
    this.#cpuMicros += readStats(this.target.pid).cpuMicros - cpuBefore;
  }

  /** Resolves when everything published has arrived, or nothing more arrives. */
  async settled(): Promise<void> {
    this.#allDelivered = await this.readers.reached(deliveriesOf(this.#groups, this.publisher.published));
  }

  async finish(): Promise<PhaseMeasurement> {
    const changes = this.publisher.published;
    return {
      ...(await this.readers.finish(changes)),
      changes,
      expected: deliveriesOf(this.#groups, changes),
      milliseconds: this.#milliseconds,
      cpuMicros: this.#cpuMicros,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.publisher[Symbol.dispose]();
    this.readers[Symbol.dispose]();
    await this.target[Symbol.asyncDispose]();
  }
}

const INEXACT = " (!)";

/** Delivered and expected counts, for the notes of a table. */
export const countsOf = ({ delivered, exact, expected }: PhaseMeasurement): string =>
  `${delivered}/${expected}${exact ? "" : INEXACT}`;

/** Failures for a report: the notes that report inexact deliveries. */
export const inexactIn = (notes: readonly (readonly [string, string])[]): string[] =>
  notes.filter(([, text]) => text.endsWith(INEXACT)).map(([, text]) => `deliveries are not exact: ${text}`);
