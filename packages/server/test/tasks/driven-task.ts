import { join } from "node:path";
import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";
import { request } from "@headwater/testing/clients/request.ts";

/** The hook files whose tasks do what they are told: see there. */
export const TASK_HOOKS = join(import.meta.dir, "hooks");

export interface TaskResponse {
  readonly id: string;
  readonly state: string;
  readonly attempt: number;
  readonly output: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A task that a test drives. */
export class DrivenTask {
  private constructor(
    readonly url: string,
    readonly id: string,
  ) {}

  /** Starts one and waits until it is at work. */
  static async start(url: string, name = "driven"): Promise<DrivenTask> {
    const task = await DrivenTask.queue(url, name);
    await task.untilRunning();
    return task;
  }

  static async queue(url: string, name = "driven"): Promise<DrivenTask> {
    const { body } = await request<TaskResponse>(url, "POST", "/api/tasks", { body: { name } });
    return new DrivenTask(url, body.id);
  }

  /** The same task, served elsewhere by now. */
  at(url: string): DrivenTask {
    return new DrivenTask(url, this.id);
  }

  async untilRunning(attempt = 1): Promise<void> {
    while ((await request<{ attempt: number }>(this.url, "GET", `/driven/${this.id}`)).body.attempt !== attempt) {
      await Bun.sleep(5);
    }
  }

  async drive(what: "progress" | "write" | "complete" | "fail", body: unknown = {}): Promise<void> {
    const { status, text } = await request(this.url, "POST", `/driven/${this.id}/${what}`, {
      body: JSON.stringify(body),
    });
    if (status !== 204) throw new Error(`${what}: ${status} ${text}`);
  }

  async state(): Promise<TaskResponse> {
    return (await request<TaskResponse>(this.url, "GET", `/api/tasks/${this.id}`)).body;
  }

  async untilFinished(): Promise<TaskResponse> {
    for (;;) {
      const answer = await this.state();
      if (answer.state !== "queued" && answer.state !== "running") return answer;
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
