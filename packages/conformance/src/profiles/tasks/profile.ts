import type { Profile } from "../../core/case.ts";
import { resumingCases } from "./resuming.ts";
import { scenarioCases } from "./scenarios.ts";
import { openContext, type TasksTarget, type TasksContext } from "./target.ts";

/** `GET /api/tasks/:id/stream`. */
export const tasksProfile: Profile<TasksTarget, TasksContext> = {
  name: "tasks",
  subject: "server",
  cases: [...scenarioCases, ...resumingCases],
  open: openContext,
};
