import type { Profile } from "../../core/case.ts";
import { taskCases } from "./cases.ts";
import { openContext, type TasksTarget, type TasksContext } from "./target.ts";

/** `GET /api/tasks/:id/stream`. */
export const tasksProfile: Profile<TasksTarget, TasksContext> = {
  name: "tasks",
  subject: "server",
  heartbeatMs: 5_000,
  cases: taskCases,
  open: openContext,
};
