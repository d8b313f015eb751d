import { join } from "node:path";
import { EventClient } from "../clients/event-client.ts";
import { request } from "../clients/request.ts";

/** The hook files whose tasks do what they are told: see there. */
export const TASK_HOOKS = join(import.meta.dir, "../../../server/test/fixtures/task-hooks");

export interface TaskAnswer {
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
    await task.atWork();
    return task;
  }

  static async queue(url: string, name = "driven"): Promise<DrivenTask> {
    const { body } = await request<TaskAnswer>(url, "POST", "/api/tasks", { body: { name } });
    return new DrivenTask(url, body.id);
  }

  /** The same task, served elsewhere by now. */
  at(url: string): DrivenTask {
    return new DrivenTask(url, this.id);
  }

  async atWork(attempt = 1): Promise<void> {
    while ((await request<{ attempt: number }>(this.url, "GET", `/driven/${this.id}`)).body.attempt !== attempt) {
      await Bun.sleep(5);
    }
  }

  async tell(what: "progress" | "write" | "complete" | "fail", body: unknown = {}): Promise<void> {
    const { status, text } = await request(this.url, "POST", `/driven/${this.id}/${what}`, {
      body: JSON.stringify(body),
    });
    if (status !== 204) throw new Error(`${what}: ${status} ${text}`);
  }

  async state(): Promise<TaskAnswer> {
    return (await request<TaskAnswer>(this.url, "GET", `/api/tasks/${this.id}`)).body;
  }

  async over(): Promise<TaskAnswer> {
    for (;;) {
      const answer = await this.state();
      if (answer.state !== "queued" && answer.state !== "running") return answer;
      await Bun.sleep(5);
    }
  }

  listen(headers: Record<string, string> = {}): Promise<EventClient> {
    return EventClient.open(`${this.url}/api/tasks/${this.id}/stream`, headers);
  }
}
