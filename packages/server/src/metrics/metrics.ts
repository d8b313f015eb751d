import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { HubMetrics } from "../hub/hub-metrics.ts";

/** Seconds: from a tenth of a millisecond to half a minute. */
const SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BYTES = [0, 1_024, 4_096, 16_384, 65_536, 131_072, 262_144];

/** The server's metrics, in Prometheus' text format. */
export class Metrics implements HubMetrics {
  readonly #registry = new Registry();
  readonly #changes = this.#counter("headwater_changes_published_total", "Changes published to subscribers.");
  readonly #deliveries = this.#counter("headwater_deliveries_total", "Events queued for connections.");
  readonly #ruleSeconds = this.#histogram("headwater_rule_seconds", "Time to evaluate who may see a change.", SECONDS);
  readonly #lagSeconds = this.#histogram(
    "headwater_commit_to_socket_seconds",
    "Time from a change's commit until the last socket has it; one observation per flush, for its oldest change.",
    SECONDS,
  );
  readonly #queueBytes = this.#histogram(
    "headwater_queue_bytes",
    "Bytes queued for a connection, sampled every 20 seconds.",
    BYTES,
  );
  readonly #replays = new Counter({
    name: "headwater_replays_total",
    help: "Parts of the log read for clients that reconnect, and resyncs by reason.",
    labelNames: ["outcome"],
    registers: [this.#registry],
  });
  readonly #replayedChanges = this.#counter(
    "headwater_replayed_changes_total",
    "Changes read from the log for clients that reconnect.",
  );
  readonly #closes = new Counter({
    name: "headwater_closes_total",
    help: "Closed connections, by reason.",
    labelNames: ["reason"],
    registers: [this.#registry],
  });
  readonly #refusals = new Counter({
    name: "headwater_refusals_total",
    help: "Connections, subscriptions and messages that a limit refused, by limit.",
    labelNames: ["limit"],
    registers: [this.#registry],
  });

  delivered(seconds: number, deliveries: number): void {
    this.#changes.inc();
    this.#deliveries.inc(deliveries);
    this.#ruleSeconds.observe(seconds);
  }

  flushed(lagSeconds: number): void {
    this.#lagSeconds.observe(lagSeconds);
  }

  queued(bytes: number): void {
    this.#queueBytes.observe(bytes);
  }

  replayed(outcome: string, changes: number): void {
    this.#replays.inc({ outcome });
    this.#replayedChanges.inc(changes);
  }

  closed(reason: string): void {
    this.#closes.inc({ reason });
  }

  /** @param limit the error's code */
  refused(limit: string): void {
    this.#refusals.inc({ limit });
  }

  /** @param read called for each scrape */
  gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({ name, help, registers: [this.#registry], collect: () => gauge.set(read()) });
  }

  /**
   * A counter that is kept elsewhere.
   *
   * @param read called for each scrape; the sums so far by reason, "" if there are none
   */
  total(name: string, help: string, read: () => readonly (readonly [reason: string, sum: number])[]): void {
    const counter: Counter = new Counter({
      name,
      help,
      labelNames: ["reason"],
      registers: [this.#registry],
      collect: () => {
        counter.reset();
        for (const [reason, sum] of read()) counter.inc(reason === "" ? {} : { reason }, sum);
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name, help, registers: [this.#registry] });
  }

  #histogram(name: string, help: string, buckets: number[]): Histogram {
    return new Histogram({ name, help, buckets, registers: [this.#registry] });
  }
}
