import { fileURLToPath } from "node:url";
import { request } from "@headwater/testing/clients/request.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { POPULAR } from "../../lib/attack/attack-folder.ts";
import { JSON_TYPE } from "../../lib/attack/guest-stream.ts";
import { playAttack } from "../../lib/attack/play-attack.ts";
import { smallDisk } from "../../lib/edges/small-disk.ts";
import { ensure } from "../../lib/ensure.ts";
import { family } from "../../lib/scenario.ts";
import type { ScenarioRun } from "../../lib/scenario-run.ts";
import { dataFolderIn } from "../../lib/seed-folder.ts";
import { knownFlags } from "../../lib/server-flags.ts";
import { TaskListener } from "../../lib/task-listener.ts";
import { until } from "../../lib/within.ts";

const HOOKS = fileURLToPath(new URL("../../lib/edge-hooks", import.meta.url));
const TASK_HOOKS = fileURLToPath(new URL("../../lib/task-hooks", import.meta.url));
const NOTES = "/api/collections/notes/records";
const ANYONE = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };

/** Writes until the disk is full, and after it is empty again. */
async function fillDisk(run: ScenarioRun): Promise<void> {
  using disk = smallDisk(48);
  if (!disk) return console.log("edges/disk-full needs the right to mount a disk: skipped");
  const options = { dir: dataFolderIn(disk.path), root: run.seedFolder.root };
  const server = await startServer({ ...options, args: await knownFlags(["--keep-mb", "4"], options.root) });
  await using _ = { [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  const { url } = server;
  const admin = await SuperuserClient.signIn(url);
  const fields = [
    { name: "title", type: "text" },
    { name: "body", type: "text", max: 1_000_000 },
  ];
  await admin.createCollection({ name: "notes", type: "base", fields, ...ANYONE });
  using client = await SseClient.connect(url);
  await client.subscribe(["notes/*"]);
  const kept: string[] = [];
  const write = async (): Promise<number> => {
    const body = { title: `note ${kept.length}`, body: "x".repeat(200_000) };
    const { status, body: note } = await request<{ id: string }>(url, "POST", NOTES, { body });
    if (status === 200) kept.push(note.id);
    return status;
  };
  for (let full = 0; full < 2; full += 1) {
    for (let i = 0; i < 5; i += 1) ensure((await write()) === 200, "a write failed on a disk with room");
    fillUp(disk);
    const refusals = new Set<number>();
    for (let i = 0; i < 300 && refusals.size === 0; i += 1) {
      const status = await write();
      if (status !== 200) refusals.add(status);
    }
    ensure(refusals.size > 0, "no write failed on a full disk");
    ensure(![...refusals].includes(500), "a write to a full disk was answered with 500");
    const { status } = await request(url, "GET", `${NOTES}/${kept[0]!}`);
    ensure(status === 200, `a read was answered with ${status} on a full disk`);
    ensure(!client.isOver, "a stream ended on a full disk");
    disk.empty();
    let answer = 0;
    for (let i = 0; i < 100 && answer !== 200; i += 1) {
      answer = await write();
      await Bun.sleep(20);
    }
    ensure(answer === 200, `a write was answered with ${answer} after the disk had room again`);
  }
  await until(() => client.events.length >= kept.length, "the stream gets all that was written");
  await server.stop("SIGKILL");
  await using restarted = await startServer(options);
  for (const id of kept) {
    const { status } = await request(restarted.url, "GET", `${NOTES}/${id}`);
    ensure(status === 200, `a note that was acknowledged is gone: ${status}`);
  }
  run.compared(kept.length);
}

/** Leaves room for some writes. */
function fillUp(disk: { readonly fill: (megabytes: number) => void }): void {
  for (let megabytes = 40; megabytes > 0; megabytes -= 4) {
    try {
      return disk.fill(megabytes);
    } catch {
      // Less, then.
    }
  }
}

/** A graceful stop between two attempts must show in the task's events. */
async function interruptTasks(run: ScenarioRun): Promise<void> {
  await run.start({ args: ["--hooks", TASK_HOOKS] });
  const body = { name: "often", input: { steps: 60, pace: 15, fails: false } };
  const { body: task } = await request<{ id: string }>(run.url, "POST", "/api/tasks", { body });
  const listener = new TaskListener(task.id);
  for (let stops = 0; stops < 2; stops += 1) {
    await listener.connect(run.url);
    await Bun.sleep(run.random.int(150, 500));
    await run.stop();
    await listener.ended();
    await run.start();
  }
  await listener.connect(run.url);
  await listener.ended();
  let step = 0;
  for (const item of listener.received) {
    if (typeof item !== "string") {
      if (item["type"] === "task_retrying") step = 0;
      if (item["type"] === "progress_update")
        ensure(Number(item["step"]) === (step += 1), "a step came again unannounced");
      continue;
    }
    for (const text of item.split(";").slice(0, -1)) {
      ensure(Number(text.split(".")[1]) === (step += 1), `step ${text} came after ${step - 1} without task_retrying`);
    }
  }
  run.compared(step);
}

export const processes = family("edges", [
  [
    "cascade",
    "Deleting a record with 20,000 references delays nobody's reads, and writes no longer than it takes.",
    (run) =>
      playAttack(run, {
        rows: { replies: 20_000 },
        answers: [204, 404],
        isOneWrite: true,
        wave: async ({ attackers }) => {
          await attackers.send("DELETE", `/api/collections/posts/records/${POPULAR}`);
        },
      }),
    ["some seeds", "alone"],
  ],
  [
    "endless-hook",
    "A hook that never ends fails its own write, and nobody else waits.",
    (run) =>
      playAttack(run, {
        args: ["--hooks", HOOKS, "--hook-seconds", "1"],
        answers: [500],
        wave: async ({ attackers }) => {
          const body = JSON.stringify({ title: "x" });
          const send = (guest: number): Promise<unknown> =>
            attackers.send("POST", "/api/collections/essays/records", { body, headers: JSON_TYPE, guest });
          await Promise.all(Array.from({ length: 8 }, (_, guest) => send(guest)));
        },
      }),
    ["some seeds", "short", "alone"],
  ],
  [
    "cascade-listeners",
    "Listeners whose rule needs the parent get the deletes of its children.",
    async (run) => {
      await run.start();
      const { admin } = run;
      const open = { name: "open", type: "bool" };
      const parents = await admin.createCollection({ name: "parents", type: "base", fields: [open], ...ANYONE });
      const parent = { name: "parent", type: "relation", collectionId: parents.id, maxSelect: 1, cascadeDelete: true };
      const rules = { ...ANYONE, listRule: "parent.open = true", viewRule: "parent.open = true" };
      await admin.createCollection({ name: "children", type: "base", fields: [parent], ...rules });
      using client = await SseClient.connect(run.url);
      await client.subscribe(["children/*"]);
      const count = run.random.int(1, 50);
      const { id } = await admin.create("parents", { open: true });
      for (let i = 0; i < count; i += 1) await admin.create("children", { parent: id });
      await admin.request("DELETE", `/api/collections/parents/records/${id}`);
      const deletes = (): number => client.events.filter(({ data }) => data.includes('"action":"delete"')).length;
      await until(() => deletes() === count, `${count} deletes of children arrive`);
      run.compared(count);
    },
    ["some seeds", "short"],
  ],
  [
    "task-interrupted",
    "A task that a graceful stop interrupts says that it tries again before any step comes twice.",
    interruptTasks,
    ["some seeds", "short"],
  ],
  [
    "disk-full",
    "On a full disk writes fail and reads go on; once there is room, writes succeed, and nothing acknowledged is lost.",
    fillDisk,
    ["some seeds", "short"],
  ],
]);
