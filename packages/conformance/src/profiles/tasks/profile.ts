import type { Profile } from "../../core/case.ts";
import { resumingCases } from "./resuming.ts";
import { scenarioCases } from "./scenarios.ts";
import { openWorld, type TasksTarget, type TasksWorld } from "./target.ts";

/** `GET /api/tasks/:id/stream`. */
export const tasksProfile: Profile<TasksTarget, TasksWorld> = {
  name: "tasks",
  judges: "server",
  cases: [...scenarioCases, ...resumingCases],
  open: openWorld,
};
