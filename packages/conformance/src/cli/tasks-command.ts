import { Command } from "@commander-js/extra-typings";
import { check, show } from "../core/checks.ts";
import { tasksProfile } from "../profiles/tasks/profile.ts";
import type { SetExitCode } from "./exit-code.ts";
import { header, httpUrl, jsonText, addServerOptions, wholeNumber } from "./options.ts";
import { runAndReport, withServer } from "./run-and-report.ts";
import { post } from "./post.ts";

export const tasksCommand = (setExitCode: SetExitCode) =>
  addServerOptions(
    new Command("tasks")
      .description("Tests task streams: GET /api/tasks/:id/stream.")
      .argument("<url>", "the server's URL", httpUrl)
      .requiredOption("--completes <json>", "POST this to start a task that reports progress and completes", jsonText)
      .option("--fails <json>", "POST this to start a task that fails", jsonText)
      .option("--idles <json>", "POST this to start a task that reports nothing for two heartbeats", jsonText)
      .option("--start-path <path>", "the path to POST to; the response has the new task's id", "/api/tasks")
      .option("--header <header>", "a header for every request, `Name: value`; repeatable", header)
      .option("--heartbeat-ms <ms>", "the server's heartbeat interval (SSE_HEARTBEAT_INTERVAL)", wholeNumber, 5_000),
  ).action((url, { completes, fails, idles, startPath, header: headers = {}, ...options }) =>
    withServer(url, options, async (address) => {
      const start = (body: string) => async (): Promise<string> =>
        idOf(await post(address.replace(/\/+$/, "") + startPath, body, headers));
      const target = {
        url: address,
        headers,
        completes: start(completes),
        ...(fails !== undefined && { fails: start(fails) }),
        ...(idles !== undefined && { idles: start(idles) }),
      };
      setExitCode(await runAndReport(tasksProfile, target, address, options));
    }),
  );

function idOf(response: unknown): string {
  const { id, task_id: taskId = id } = (response ?? {}) as { readonly id?: unknown; readonly task_id?: unknown };
  check(typeof taskId === "string", `the response to starting a task has no id: ${show(response)}`);
  return taskId;
}
