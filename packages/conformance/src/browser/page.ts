import { runProfile } from "../core/run-profile.ts";
import { pocketbaseProfile } from "../profiles/pocketbase/profile.ts";
import type { PageTask } from "./run-in-browser.ts";

/** The page's script: fetches the task, runs the 25 behaviours in the page, and posts the results and the report. */
const send = (path: string, body: unknown): Promise<Response> =>
  fetch(path, { method: "POST", body: JSON.stringify(body) });

const task = (await (await send("/task", {})).json()) as PageTask;
let sent: Promise<unknown> = Promise.resolve();
const report = await runProfile(pocketbaseProfile, task.target, {
  ...task.options,
  onResult(result) {
    sent = sent.then(() => send("/result", result));
  },
});
await sent;
await send("/report", report);
