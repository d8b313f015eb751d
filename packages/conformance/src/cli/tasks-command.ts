import { Command } from "@commander-js/extra-typings";
import { check, show } from "../core/checks.ts";
import { tasksProfile } from "../profiles/tasks/profile.ts";
import type { Finish } from "./commands.ts";
import { header, httpUrl, jsonText, judging, wholeNumber } from "./options.ts";
import { judge, withServer } from "./output.ts";
import { post } from "./post.ts";

export const tasksCommand = (finish: Finish) =>
  judging(
    new Command("tasks")
      .description("streams of tasks: GET /api/tasks/:id/stream")
      .argument("<url>", "the server", httpUrl)
      .requiredOption(
        "--completes <json>",
        "a POST of this starts a task that reports progress and completes",
        jsonText,
      )
      .option("--fails <json>", "a POST of this starts a task that fails", jsonText)
      .option("--idles <json>", "a POST of this starts a task that says nothing for two heartbeats", jsonText)
      .option("--start-path <path>", "where tasks are started; the answer has the new one's id", "/api/tasks")
      .option("--header <header>", "a header of every request, `Name: value`; may be repeated", header)
      .option("--heartbeat-ms <ms>", "SSE_HEARTBEAT_INTERVAL", wholeNumber, 5_000),
  ).action((url, { completes, fails, idles, startPath, header: headers = {}, heartbeatMs, ...options }) =>
    withServer(url, options, async (address) => {
      const start = (body: string) => async (): Promise<string> =>
        idOf(await post(address.replace(/\/+$/, "") + startPath, body, headers));
      const target = {
        url: address,
        headers,
        heartbeatMs,
        completes: start(completes),
        ...(fails !== undefined && { fails: start(fails) }),
        ...(idles !== undefined && { idles: start(idles) }),
      };
      finish(await judge(tasksProfile, target, address, options));
    }),
  );

function idOf(answer: unknown): string {
  const { id, task_id: taskId = id } = (answer ?? {}) as { readonly id?: unknown; readonly task_id?: unknown };
  check(typeof taskId === "string", `a task was started, and the answer has no id: ${show(answer)}`);
  return taskId;
}
