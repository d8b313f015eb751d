import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";

/** The events of a task as one listener received them; consecutive text deltas are joined into one string. */
export type TaskEvents = readonly (string | Readonly<Record<string, unknown>>)[];

/** Follows a task's stream until the task ends, and resumes after its last event id when disconnected. */
export class TaskListener {
  readonly task: string;
  readonly #clients: JsonEventClient[] = [];

  constructor(task: string) {
    this.task = task;
  }

  /** Whether the stream closed because the task ended. */
  get isDone(): boolean {
    const last = this.#clients.at(-1)?.events.at(-1);
    return last?.event === "connection_close" && last.data["reason"] !== "server_shutdown";
  }

  async connect(url: string): Promise<void> {
    if (this.isDone) return;
    const since = this.#clients.findLast(({ lastEventId }) => lastEventId !== undefined)?.lastEventId;
    const headers: Record<string, string> = since === undefined ? {} : { "Last-Event-ID": since };
    this.#clients.push(await JsonEventClient.open(`${url}/api/tasks/${this.task}/stream`, headers));
  }

  /** Resolves when the current connection has ended. */
  async ended(): Promise<void> {
    await this.#clients.at(-1)?.ended;
  }

  close(): void {
    this.#clients.at(-1)?.close();
  }

  /** The ids of all events from all connections. */
  get ids(): string[] {
    return this.#clients.flatMap(({ events }) =>
      events.flatMap(({ event, id }) => (event === "task_event" ? (id ?? []) : [])),
    );
  }

  /** The number of resync events, each of which reports a loss. */
  get resyncs(): number {
    return this.#clients.flatMap(({ names }) => names.filter((name) => name === "resync")).length;
  }

  get received(): TaskEvents {
    const received: (string | Readonly<Record<string, unknown>>)[] = [];
    for (const { events } of this.#clients) {
      for (const { event, data } of events) {
        if (event !== "task_event") continue;
        const { event_type: type, data: value } = data as { readonly event_type: string; readonly data: object };
        const last = received.at(-1);
        if (!("delta" in value)) received.push({ type, ...value });
        else if (typeof last === "string") received[received.length - 1] = last + String(value.delta);
        else received.push(String(value.delta));
      }
    }
    return received;
  }
}
