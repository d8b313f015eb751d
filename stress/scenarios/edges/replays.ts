import { request } from "@headwater/testing/clients/request.ts";
import type { ReceivedEvent } from "@headwater/testing/clients/event-splitter.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import type { ApiModel } from "@headwater/testing/servers/superuser-client.ts";
import { ensure } from "../../lib/ensure.ts";
import { isResync } from "../../lib/oracle.ts";
import { family } from "../../lib/scenario.ts";
import type { ScenarioRun } from "../../lib/scenario-run.ts";
import { until } from "../../lib/within.ts";
import { createMany } from "../../lib/writing.ts";

const ANYONE = { listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "" };
const USERS = "_pb_users_auth_";

/** Waits until the events hold a resync or as many others as expected. */
async function received(client: SseClient, count: number): Promise<readonly ReceivedEvent[]> {
  await until(() => client.events.length >= count || client.events.some(isResync), `${count} events or a resync`);
  return client.events;
}

type SchemaField = ApiModel & { readonly name: string; readonly type: string };

/** Changes of a schema that a replay must get over. */
const EDITS: Readonly<Record<string, (fields: SchemaField[], rules: Record<string, string>) => void>> = {
  "rename the owner": (fields, rules) => {
    Object.assign(fields.find(({ name }) => name === "owner") ?? {}, { name: "keeper" });
    for (const name of ["listRule", "viewRule"]) rules[name] = "keeper = @request.auth.id";
  },
  "make the choice multiple": (fields) => {
    Object.assign(
      fields.find(({ name }) => name === "choice")!,
      { maxSelect: 2 },
    );
  },
  "add fields": (fields) => {
    const added = [
      { name: "added_number", type: "number" },
      { name: "added_text", type: "text" },
      { name: "added_flag", type: "bool" },
      { name: "added_list", type: "select", values: ["x", "y"], maxSelect: 2 },
    ];
    fields.push(...(added as unknown as SchemaField[]));
  },
  "rename the title": (fields) => {
    Object.assign(
      fields.find(({ name }) => name === "title")!,
      { name: "heading" },
    );
  },
};

async function replayOverEdits(run: ScenarioRun, edits: readonly string[]): Promise<void> {
  await run.start();
  const { admin, random } = run;
  const [user] = run.seedFolder.users;
  const owned = { listRule: "owner = @request.auth.id", viewRule: "owner = @request.auth.id" };
  const { id: collection } = await admin.createCollection({
    name: "shapes",
    type: "base",
    fields: [
      { name: "title", type: "text" },
      { name: "choice", type: "select", values: ["a", "b"], maxSelect: 1 },
      { name: "owner", type: "relation", collectionId: USERS, maxSelect: 1 },
    ],
    ...ANYONE,
    ...owned,
  });
  const since = await run.cursor();
  const count = random.int(1, 10);
  for (let i = 0; i < count; i += 1) {
    await admin.create("shapes", { title: `shape ${i}`, choice: "a", owner: user!.id });
  }
  for (const edit of edits) {
    const { body } = await admin.request<{ fields: SchemaField[] }>("GET", `/api/collections/${collection}`);
    const [fields, rules] = [body.fields, {}];
    EDITS[edit]!(fields, rules);
    await admin.updateCollection(collection, { fields, ...rules });
  }
  for (const token of [user!.token, admin.token]) {
    using client = await SseClient.connect(run.url);
    await client.subscribe(["shapes/*"], token, since);
    const events = await received(client, count);
    if (events.some(isResync)) continue;
    for (const { data } of events) {
      const { record } = JSON.parse(data) as { record: ApiModel };
      const path = `/api/collections/shapes/records/${record.id}`;
      const { body: stored } = await request(run.url, "GET", path, { token });
      ensure(
        Bun.deepEquals(record, stored),
        `after ${edits.join(", ")}: ${JSON.stringify(record)}, not ${JSON.stringify(stored)}`,
      );
    }
    run.compared(count);
  }
}

export const replays = family("edges", [
  [
    "schema-change",
    "A replay over changes of the schema gives each record as the API does, or a resync.",
    async (run) => {
      const names = Object.keys(EDITS).filter(() => run.random.chance(60));
      await replayOverEdits(run, names.length === 0 ? Object.keys(EDITS) : names);
    },
    ["all seeds", "short"],
  ],
  [
    "event-source-cut",
    "An EventSource that is cut before its first event gets what it missed when it reconnects, or a resync.",
    async (run) => {
      await run.start();
      for (let turn = 0; turn < 5; turn += 1) {
        const first = await SseClient.connect(run.url);
        const isSubscribed = run.random.chance(50);
        if (isSubscribed) await first.subscribe(["notes/*"]);
        first.close();
        await first.ended;
        const count = run.random.int(1, 20);
        await createMany(run, "notes", count);
        if (run.random.chance(30)) await run.restart();
        // What a browser sends: the id of the last event it got, which is the client's.
        using second = await SseClient.connect(run.url, { "Last-Event-ID": first.id });
        await second.subscribe(["notes/*"]);
        await received(second, count);
        run.compared(count);
      }
    },
    ["some seeds", "short"],
  ],
  [
    "two-names",
    "A stream that is cut between two events of one change gets none of them twice, and all of them.",
    async (run) => {
      await run.start();
      const topics = ["notes", "notes/*", "notes/*?options=%7B%7D"];
      const count = 30;
      let [cursor, cuts] = [await run.cursor(), 0];
      await createMany(run, "notes", count);
      const seen: string[] = [];
      while (seen.length < count * topics.length) {
        using client = await SseClient.connect(run.url, { "Last-Event-ID": cursor });
        await client.subscribe(topics);
        const wanted = Math.min(run.random.int(1, 7), count * topics.length - seen.length);
        for (const { id, event, data } of (await received(client, wanted)).slice(0, wanted)) {
          ensure(event !== "resync", "there was a resync");
          seen.push(`${event} ${data}`);
          cursor = id ?? cursor;
        }
        ensure((cuts += 1) < 500, "the stream makes no progress");
      }
      ensure(new Set(seen).size === seen.length, `${seen.length - new Set(seen).size} events came twice`);
      run.compared(seen.length);
    },
    ["some seeds"],
  ],
]);
