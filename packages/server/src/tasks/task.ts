import type { JsonValue } from "@headwater/protocol";

export type TaskState = "queued" | "running" | "completed" | "failed" | "cancelled";

/** Why a task failed. */
export interface TaskError {
  /** `error` for what its handler threw; the others are the server's own. */
  readonly code: "error" | "timeout" | "interrupted" | "cancelled";
  readonly message: string;
}

/** A piece of work that outlives the request that asked for it, and the process that does it. */
export interface Task {
  /** Long enough that nobody guesses it. */
  readonly id: string;
  readonly name: string;
  /** The id of the auth record that started it; "" for the application and for guests. */
  readonly owner: string;
  readonly state: TaskState;
  /** How often it was begun. */
  readonly attempt: number;
  readonly input: JsonValue;
  /** What it came to. */
  readonly output: JsonValue;
  readonly error: TaskError | null;
  /** Milliseconds since 1970, here and in the next. */
  readonly created: number;
  readonly started: number | null;
  readonly ended: number | null;
}

/** How a task ends. */
export type Outcome =
  | { readonly state: "completed"; readonly output: JsonValue }
  | { readonly state: "failed" | "cancelled"; readonly error: TaskError };
