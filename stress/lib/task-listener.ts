import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";

/** What one listener of a task heard: events that stand for themselves, and what the texts between them come to. */
export type TaskEvents = readonly (string | Readonly<Record<string, unknown>>)[];

/** Listens to a task until it is over, and comes back by its last id whenever it is cut. */
export class TaskListener {
  readonly task: string;
  readonly #clients: JsonEventClient[] = [];

  constructor(task: string) {
    this.task = task;
  }

  /** Has it heard the task's end, and that of its stream? */
  get isDone(): boolean {
    const last = this.#clients.at(-1)?.events.at(-1);
    return last?.event === "connection_close" && last.data["reason"] !== "server_shutdown";
  }

  get sittings(): number {
    return this.#clients.length;
  }

  async sit(url: string): Promise<void> {
    if (this.isDone) return;
    const seen = this.#clients.findLast(({ lastEventId }) => lastEventId !== undefined)?.lastEventId;
    const headers: Record<string, string> = seen === undefined ? {} : { "Last-Event-ID": seen };
    this.#clients.push(await JsonEventClient.open(`${url}/api/tasks/${this.task}/stream`, headers));
  }

  /** Resolves when the present connection has ended. */
  async ended(): Promise<void> {
    await this.#clients.at(-1)?.ended;
  }

  close(): void {
    this.#clients.at(-1)?.close();
  }

  /** Ids of all events, over all connections. */
  get ids(): string[] {
    return this.#clients.flatMap(({ events }) =>
      events.flatMap(({ event, id }) => (event === "task_event" ? (id ?? []) : [])),
    );
  }

  /** Events that say that something was lost. */
  get resyncs(): number {
    return this.#clients.flatMap(({ names }) => names.filter((name) => name === "resync")).length;
  }

  get heard(): TaskEvents {
    const heard: (string | Readonly<Record<string, unknown>>)[] = [];
    for (const { events } of this.#clients) {
      for (const { event, data } of events) {
        if (event !== "task_event") continue;
        const { event_type: type, data: value } = data as { readonly event_type: string; readonly data: object };
        const last = heard.at(-1);
        if (!("delta" in value)) heard.push({ type, ...value });
        else if (typeof last === "string") heard[heard.length - 1] = last + String(value.delta);
        else heard.push(String(value.delta));
      }
    }
    return heard;
  }
}
