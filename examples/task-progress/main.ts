/** A press that prints a poem, and a page that shows its progress: `npx bun examples/task-progress/main.ts`. */
import { createApp, filter, type TaskRun } from "headwater";
import { sheets } from "./collections.ts";

const POEM = `The tide rises, the tide falls,
The twilight darkens, the curlew calls;
Along the sea-sands damp and brown
The traveller hastens toward the town,
And the tide rises, the tide falls.`;

const LETTER_MS = Number(process.env["PRESS_LETTER_MS"] ?? 40);

const app = await createApp({
  dir: process.env["PRESS_DIR"] ?? `${import.meta.dir}/data`,
  port: Number(process.env["PRESS_PORT"] ?? 8090),
  collections: [sheets],
  logLevel: "warn",
});

// Each server restart uses up an attempt, so the task has plenty.
app.tasks.define("print", print, { startRule: "", attempts: 20, backoff: 200 });

async function print(_: unknown, task: TaskRun): Promise<{ readonly pages: number }> {
  const lines = POEM.split("\n");
  const { totalItems: done } = await app.records(sheets).list({ filter: filter`task = ${task.id}` });
  for (const [i, line] of lines.entries()) {
    if (i < done) continue;
    task.progress({ text: `page ${i + 1} of ${lines.length}`, progress: i / lines.length, page: i + 1 });
    for (const letter of line) {
      task.write(letter);
      await Bun.sleep(LETTER_MS);
      task.signal.throwIfAborted();
    }
    await app.records(sheets).create({ task: task.id, page: i + 1, line });
  }
  return { pages: lines.length };
}

app.route("GET", "/", () => new Response(Bun.file(`${import.meta.dir}/page.html`)));

const { url } = app.start();
process.stdout.write(`The press is ready: ${url}/\n`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void app.stop().then(() => process.exit()));
}
