import { parseCursor } from "@headwater/protocol";
import { WriterPool } from "../lib/writer-pool.ts";
import { CURSOR_CHANNELS } from "../lib/listener.ts";
import { ensure, family } from "../lib/scenario.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

export const recovery = family("recovery", [
  [
    "each-way",
    "By header, address or subscription, a cursor brings back all that was missed, and then what is live.",
    async (run) => {
      await run.start();
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => run.connectListener([all("notes")])));
      await createMany(run, "notes", 5);
      await run.settle();
      await Promise.all(listeners.map((listener) => listener.drop()));
      await createMany(run, "notes", 300);
      await Promise.all(listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i])));
      await createMany(run, "notes", 20);
      await run.settle();
    },
  ],
  [
    "each-place",
    "Whichever place in the log a client comes back from, it gets exactly the rest.",
    async (run) => {
      await run.start();
      for (let place = 0; place < 30; place += 1) {
        await run.addListener([all("notes"), all("diaries")], run.user(place % 4));
        await createMany(run, place % 2 === 0 ? "notes" : "diaries", 3, (i) => ({
          title: `${place}.${i}`,
          ...(place % 2 === 1 && { owner: run.seedFolder.users[i]!.id }),
        }));
      }
      await Promise.all(run.listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i % 3])));
      await run.settle();
    },
  ],
  [
    "impatient",
    "A client that leaves after every few events still gets each of them once.",
    async (run) => {
      await run.start();
      const listeners = await Promise.all([1, 3, 7].map(() => run.connectListener([all("notes")])));
      const crowd = new WriterPool(run, "crowd", ["notes"]).start(4);
      for (let visit = 0; visit < 12; visit += 1) {
        await Promise.all(
          listeners.map(async (listener, i) => {
            await listener.connection.inbox.until(({ length }) => length >= [1, 3, 7][i]!);
            await listener.drop();
            await listener.connect(run, run.random.pick(CURSOR_CHANNELS));
          }),
        );
      }
      await crowd.stop();
      await run.settle();
    },
    ["some seeds"],
  ],
  [
    "new-topic",
    "A topic that is added with a cursor is told from there on, while the topics from before go on where they are.",
    async (run) => {
      await run.start();
      const start = await run.cursor();
      const listener = await run.connectListener([all("notes")]);
      for (const collection of ["notes", "inner", "comments"]) await createMany(run, collection, 40);
      await run.settle();
      const { connection } = listener;
      const heard = connection.inbox.items.length;
      await connection.subscribe(["notes/*", "marks/*", "comments/*"], undefined, start);
      await connection.inbox.until(({ length }) => length >= heard + 40);
      // What was told again would have come before the last comment.
      const later = connection.inbox.items.slice(heard);
      ensure(later.length === 40, "a topic from before was told again when another was added");
      ensure(
        later.every(({ event }) => event === "comments/*"),
        "something else came than the new topic's changes",
      );
      run.exclude(listener);
      run.compared(heard + 40);
    },
  ],
  [
    "kill",
    "The next server goes on from the cursors of the one that was killed.",
    async (run) => {
      await run.start();
      for (const [i] of CURSOR_CHANNELS.entries()) await run.connectListener([all("notes"), all("inner")], run.user(i));
      for (const round of [1, 2, 3]) {
        const crowd = new WriterPool(run, `round ${round}`, ["notes", "inner"]).start(6);
        await crowd.answered(run.random.int(20, 120));
        await run.kill();
        await crowd.stop();
        await Promise.all(run.listeners.map((listener) => listener.ended()));
        await run.start();
        await Promise.all(run.listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i % 3])));
      }
      await run.settle();
    },
    ["some seeds", "short"],
  ],
  [
    "kill-in-replay",
    "A replay that is killed half way goes on, on the next server, where it broke off.",
    async (run) => {
      await run.start();
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => run.addListener([all("notes")])));
      await createMany(run, "notes", 1_500, undefined, 8);
      const last = run.readLog().at(-1)!.seq;
      for (let kills = 0; kills < 3; kills += 1) {
        await Promise.all(listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i])));
        const some = run.random.int(1, 400);
        const [first] = listeners;
        await first!.connection.inbox.until(({ length }) => length >= some || first!.seq === last);
        await run.kill();
        await Promise.all(listeners.map((listener) => listener.ended()));
        await run.start();
      }
      await Promise.all(listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i])));
      await run.settle();
    },
    ["short"],
  ],
  [
    "orderly-end",
    "A server that stops in order tells everyone of the last committed change before it ends their streams.",
    async (run) => {
      await run.start();
      for (let i = 0; i < 5; i += 1) await run.connectListener([all("notes")]);
      const crowd = new WriterPool(run, "crowd", ["notes"]).start(6);
      await crowd.answered(60);
      const stopping = run.stop();
      await Promise.all([stopping, crowd.stop()]);
      await Promise.all(run.listeners.map((listener) => listener.ended()));
      const last = run.changesOf("notes").at(-1)!.seq;
      for (const { name, seq } of run.listeners) {
        ensure(seq === last, `${name} was told up to ${seq}, and the last change is ${last}`);
      }
    },
  ],
  [
    "knocking",
    "Clients that knock while the server is not up yet get in when it is, and have lost nothing.",
    async (run) => {
      await run.start();
      for (const [i] of CURSOR_CHANNELS.entries()) await run.addListener([all("notes")], run.user(i));
      await createMany(run, "notes", 200, undefined, 4);
      const { url, port } = run.server;
      await run.kill();
      const knock = async (index: number): Promise<void> => {
        const listener = run.listeners[index]!;
        while (listener.sessions.length === 0) {
          await listener.connect({ url, deliveredTo: 0 }, CURSOR_CHANNELS[index]).catch(() => Bun.sleep(5));
        }
      };
      const knocking = CURSOR_CHANNELS.map((_, index) => knock(index));
      await run.start({ port });
      await Promise.all(knocking);
      await run.settle();
    },
  ],
  [
    "two-lives",
    "Cursors of one folder stay in one epoch and ascend, however often its server is killed.",
    async (run) => {
      await run.start();
      const listener = await run.connectListener([all("notes")]);
      for (let kills = 0; kills < 3; kills += 1) {
        await createMany(run, "notes", 10);
        await run.settle();
        await run.restart();
        await listener.ended();
        await listener.connect(run);
      }
      await run.settle();
      const ids = listener.sessions.flatMap(({ connection }) =>
        connection.inbox.items.map(({ id }) => parseCursor(id!)!),
      );
      ensure(new Set(ids.map(({ epoch }) => epoch)).size === 1, "the epoch changed with a restart");
      ensure(
        ids.every(({ seq }, i) => i === 0 || seq > ids[i - 1]!.seq),
        "a cursor does not ascend",
      );
    },
  ],
]);
