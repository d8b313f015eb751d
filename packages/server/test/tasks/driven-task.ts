import { join } from "node:path";
import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";
import { request } from "@headwater/testing/clients/request.ts";

/** The folder of hook files with the tasks that tests control. */
export const TASK_HOOKS = join(import.meta.dir, "hooks");

export interface TaskResponse {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly output: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A task that a test controls through HTTP requests. */
export class DrivenTask {
  private constructor(
    readonly url: string,
    readonly id: string,
  ) {}

  /** Starts a task and waits until it runs. */
  static async start(url: string, name = "driven"): Promise<DrivenTask> {
    const task = await DrivenTask.queue(url, name);
    await task.untilRunning();
    return task;
  }

  /** Starts a task without waiting for it to run. */
  static async queue(url: string, name = "driven"): Promise<DrivenTask> {
    const { body } = await request<TaskResponse>(url, "POST", "/api/tasks", { body: { name } });
    return new DrivenTask(url, body.id);
  }

  /** The same task at another URL, for example after a restart. */
  at(url: string): DrivenTask {
    return new DrivenTask(url, this.id);
  }

  /** Waits until this attempt of the task runs. */
  async untilRunning(attempt = 1): Promise<void> {
    while ((await request<{ attempt: number }>(this.url, "GET", `/driven/${this.id}`)).body.attempt !== attempt) {
      await Bun.sleep(5);
    }
  }

  /** Makes the task report progress, write output, complete or fail. */
  async drive(action: "progress" | "write" | "complete" | "fail", body: unknown = {}): Promise<void> {
    const { status, text } = await request(this.url, "POST", `/driven/${this.id}/${action}`, {
      body: JSON.stringify(body),
    });
    if (status !== 204) throw new Error(`${action}: ${status} ${text}`);
  }

  async state(): Promise<TaskResponse> {
    return (await request<TaskResponse>(this.url, "GET", `/api/tasks/${this.id}`)).body;
  }

  async untilFinished(): Promise<TaskResponse> {
    for (;;) {
      const task = await this.state();
      if (task.state !== "queued" && task.state !== "running") return task;
      await Bun.sleep(5);
    }
  }

  openStream(headers: Record<string, string> = {}): Promise<JsonEventClient> {
    return JsonEventClient.open(`${this.url}/api/tasks/${this.id}/stream`, headers);
  }
}

const taskEvents = ({ events }: JsonEventClient) => events.filter(({ event }) => event === "task_event");

/** The payloads of the task events received so far. */
export const payloadsOf = (client: JsonEventClient): unknown[] => taskEvents(client).map(({ data }) => data["data"]);

/** The types of the task events received so far. */
export const typesOf = (client: JsonEventClient): unknown[] => taskEvents(client).map(({ data }) => data["event_type"]);
