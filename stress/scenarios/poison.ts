import { HAS_X, LARGE, type Rule } from "../lib/rules.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all, filtered, one, type Topic, withOptions } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** Each of these ends an event, a line or a string if it is not encoded. */
const TEXTS = [
  "a\nb\r\nc\rd",
  "data: forged\n\nid: 1.1\nevent: forged\n\n",
  "\u2028\u2029\u0085\u000b\u000c",
  "\ufeffwith a byte order mark",
  "\u0001\u0008\u001b[31m\u007f",
  "👩‍👩‍👧‍👦 ‮right to left‬ é é Å",
  '"\\"/\\u0000</script>',
  ":::::",
  " ",
  "x".repeat(4_000),
];

/** Delivers the same writes to a live client and, as a replay, to a client that connects later. */
async function liveAndReplayed(
  run: ScenarioRun,
  topics: readonly Topic[],
  write: () => Promise<unknown>,
): Promise<void> {
  const late = await run.addListener(topics);
  await run.connectListener(topics);
  await write();
  await createMany(run, "notes", 5);
  await run.settle(run.listeners.filter((listener) => listener !== late));
  await late.connect(run);
  await run.settle();
}

const MATCHES_NOTHING: Rule = { text: "", allows: () => false };

export const poison = family("poison", [
  [
    "texts",
    "Any text arrives unchanged and breaks no event.",
    async (run) => {
      await run.start();
      await liveAndReplayed(run, [all("notes"), filtered("notes", HAS_X)], async () => {
        for (const text of TEXTS) await run.admin.create("notes", { title: text, body: text, data: { [text]: text } });
      });
    },
    ["short"],
  ],
  [
    "huge",
    "A record larger than the send buffer limit arrives, and so do the changes after it.",
    async (run) => {
      await run.start();
      await liveAndReplayed(run, [all("notes")], async () => {
        for (const megabytes of [1, 6, 2]) {
          await run.admin.create("notes", { title: "huge", body: "é".repeat(megabytes * 500_000) });
        }
      });
    },
    ["short"],
  ],
  [
    "huge-on-topics",
    "A record that fits the send buffer limit once but not twice arrives on each of a client's topics.",
    async (run) => {
      await run.start();
      const [id] = await createMany(run, "notes", 1);
      const topics = [all("notes"), one("notes", id!), filtered("notes", HAS_X)];
      await Promise.all([run.connectListener(topics), run.connectListener([all("notes")])]);
      await run.admin.update("notes", id!, { title: "x", body: "x".repeat(1_000_000) });
      await createMany(run, "notes", 5);
      await run.catchUp();
    },
  ],
  [
    "json",
    "Unusual JSON (deeply nested, empty, numeric, or with keys such as __proto__) arrives as stored.",
    async (run) => {
      await run.start();
      const deep = JSON.parse("[".repeat(2_000) + "]".repeat(2_000)) as unknown;
      const odd = JSON.parse('{"__proto__":{"a":1},"constructor":0,"":null}') as unknown;
      const values = [deep, odd, [], {}, 0, -1e300, 1e-300, Number.MAX_SAFE_INTEGER, true, "null", [[[]]], null];
      await liveAndReplayed(run, [all("notes")], async () => {
        for (const data of values) await run.admin.create("notes", { title: "json", data });
      });
    },
  ],
  [
    "options",
    "Invalid options affect only the client that sent them, and an invalid filter matches nothing.",
    async (run) => {
      await run.start();
      const ignored = [
        { query: { expand: "nothing.at.all,,." } },
        { query: { fields: "*:excerpt(" } },
        { query: 5 },
        [],
        7,
      ];
      const invalidFilters = ["(((", "nothing = 1", "title ~", "@collection.nothing.id = id", "title = 'open"];
      const topics: Topic[] = [
        ...ignored.map((options) => ({ name: withOptions("notes/*", options), collection: "notes" })),
        ...invalidFilters.map((filter) => ({
          name: withOptions("notes/*", { query: { filter } }),
          collection: "notes",
          filter: MATCHES_NOTHING,
        })),
        { name: "notes/*?options=%E0%A4%A", collection: "notes" },
        { name: "nothing/*", collection: "nothing" },
      ];
      await run.connectListener([all("notes")]);
      await liveAndReplayed(run, topics, () => createMany(run, "notes", 20));
    },
  ],
  [
    "lost-relation",
    "A relation to a deleted record arrives unexpanded and blocks no event.",
    async (run) => {
      await run.start();
      const room = await run.addRoom(run.seedFolder.users.map(({ id }) => id));
      const topics = [
        { name: withOptions("messages/*", { query: { expand: "room.members" } }), collection: "messages" },
      ];
      await run.addListener(topics, run.user(0));
      await createMany(run, "messages", 10, (i) => ({ title: `before ${i}`, room }));
      await run.connectListener(topics, run.superuser);
      await run.admin.request("DELETE", `/api/collections/rooms/records/${room}`);
      await createMany(run, "messages", 10, (i) => ({ title: `after ${i}` }));
      await run.listeners[0]!.connect(run);
      await run.settle();
    },
  ],
  [
    "removed-field",
    "Removing a field stops only the filters that read it, live and in replays.",
    async (run) => {
      await run.start();
      const since = await run.cursor();
      const healthy = await run.connectListener([all("notes")]);
      const filtering = await run.connectListener([filtered("notes", LARGE)]);
      await createMany(run, "notes", 100);
      await run.settle();
      const { body } = await run.admin.request<{ fields: { name: string }[] }>("GET", "/api/collections/notes");
      await run.admin.updateCollection("notes", { fields: body.fields.filter(({ name }) => name !== "size") });
      await createMany(run, "notes", 10, (i) => ({ title: `later ${i}` }));
      await healthy.drop();
      await healthy.connect(run);
      await (await run.addListener([all("notes")], run.guest, since)).connect(run);
      await run.settle();
      const count = filtering.connection.inbox.items.filter(({ event }) => event !== "marks/*").length;
      ensure(count === 49, `a filter on a removed field passed ${count} changes instead of the 49 before its removal`);
      run.exclude(filtering);
    },
  ],
]);
