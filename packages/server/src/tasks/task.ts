import type { JsonValue } from "@headwater/protocol";

export type TaskState = "queued" | "running" | "completed" | "failed" | "cancelled";

/** Why a task failed. */
export interface TaskError {
  /** `error` if the handler threw; the other codes come from the server. */
  readonly code: "error" | "timeout" | "interrupted" | "cancelled";
  readonly message: string;
}

/** Work that outlives the request that started it and the process that runs it. */
export interface Task {
  /** Too long to guess. */
  readonly id: string;
  readonly name: string;
  /** The id of the auth record that started it; "" for the application and for guests. */
  readonly owner: string;
  readonly state: TaskState;
  /** How often it was attempted; 0 for a task that waits for its first attempt. */
  readonly attempt: number;
  readonly input: JsonValue;
  /** The handler's result, as JSON; `null` until the task is completed. */
  readonly output: JsonValue;
  readonly error: TaskError | null;
  /** Milliseconds since 1970, like the next two. */
  readonly created: number;
  readonly started: number | null;
  readonly ended: number | null;
}

/** How a task ends. */
export type Outcome =
  | { readonly state: "completed"; readonly output: JsonValue }
  | { readonly state: "failed" | "cancelled"; readonly error: TaskError };
