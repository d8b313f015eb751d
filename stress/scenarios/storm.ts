import { setPassword, signInAgain } from "../lib/accounts.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { type Listener, CURSOR_CHANNELS } from "../lib/listener.ts";
import type { Random } from "@headwater/testing/lib/seeded-random.ts";
import { EVERYBODY, HAS_X, LARGE, NOBODY, OPEN, OPEN_OR_SMALL, SIGNED_IN } from "../lib/rules.ts";
import { family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all, filtered, one } from "../lib/topics.ts";

const COLLECTIONS = ["notes", "inner", "diaries", "plans", "messages", "vault", "changing"];
const EVERYTHING = COLLECTIONS.map(all);

/** Repeats the step until the run is over. A step under way then may fail: the server may be down. */
async function repeatUntil(isOver: () => boolean, step: () => Promise<void>): Promise<void> {
  while (!isOver()) {
    try {
      await step();
    } catch (error) {
      if (isOver()) return;
      throw error;
    }
  }
}

/** Disconnects and reconnects from its cursor, and stalls for a while. */
async function disturbListener(
  run: ScenarioRun,
  writers: WriterPool,
  listener: Listener,
  random: Random,
  isOver: () => boolean,
) {
  const later = (): Promise<void> => writers.answered(writers.written.items.length + random.int(1, 60));
  await repeatUntil(isOver, async () => {
    await later();
    if (isOver()) return;
    if (random.chance(30)) {
      listener.connection.pause();
      await later();
      listener.connection.resume();
    } else {
      await listener.drop();
      if (random.chance(50)) await later();
      if (!isOver()) await listener.connect(run, random.pick(CURSOR_CHANNELS));
    }
  });
}

/** Changes rules, members, names, passes and passwords while clients are connected. */
async function changeAccess(run: ScenarioRun, writers: WriterPool, random: Random, isOver: () => boolean) {
  const { admin, seedFolder } = run;
  const passes: string[] = [];
  let rule = OPEN;
  const pickUser = () => random.pick(seedFolder.users);
  const actions: readonly (() => Promise<unknown>)[] = [
    () => {
      rule = random.pick([EVERYBODY, NOBODY, OPEN, SIGNED_IN].filter((other) => other !== rule));
      return run.editRule("changing", rule);
    },
    () => {
      const members = seedFolder.users.filter(() => random.chance(50)).map(({ id }) => id);
      return admin.update("rooms", random.pick(run.rooms), { members });
    },
    async () => {
      const last = passes.pop();
      if (last !== undefined) await admin.request("DELETE", `/api/collections/passes/records/${last}`);
      else passes.push((await admin.create("passes", { holder: pickUser().id })).id);
    },
    () => admin.update("users", pickUser().id, { name: pickUser().name }),
    async () => {
      const { id } = pickUser();
      if (random.chance(30)) await setPassword(admin, id, `password ${random.int(0, 1e9)}`);
      else await admin.update("users", id, { email: `someone${random.int(0, 1e9)}@example.com` });
      await renewSomeTokens(run, id, random);
    },
  ];
  await repeatUntil(isOver, async () => {
    await writers.answered(writers.written.items.length + random.int(10, 80));
    if (!isOver()) await random.pick(actions)();
  });
}

/** Gives some of a user's listeners a new token for their next connection; the others keep the revoked one. */
async function renewSomeTokens(run: ScenarioRun, id: string, random: Random): Promise<void> {
  const account = await signInAgain(run.admin, id, run.dir);
  for (const listener of run.listeners) {
    if (listener.account.identity.id === id && random.chance(60)) listener.account = account;
  }
}

async function connectClients(run: ScenarioRun): Promise<void> {
  const { users } = run.seedFolder;
  await run.addRoom(users.slice(0, 2).map(({ id }) => id));
  await run.addRoom(users.slice(1, 3).map(({ id }) => id));
  const note = (await run.admin.create("notes", { title: "one of many" })).id;
  const filters = [LARGE, HAS_X, OPEN_OR_SMALL].map((filter) => filtered("notes", filter));
  await run.connectListener([all("notes"), one("notes", note)]);
  await run.connectListener([...filters, all("changing")]);
  await run.connectListener(EVERYTHING);
  await run.connectListener(EVERYTHING, run.superuser);
  for (const [index] of users.entries()) await run.connectListener(EVERYTHING, run.user(index));
  await run.connectListener([...EVERYTHING, filtered("diaries", LARGE)], run.user(0));
  await run.connectListener([filtered("messages", HAS_X), filtered("changing", LARGE)], run.user(1));
}

export const storm = family("storm", [
  [
    "everything",
    "With reconnects, writes, rule and account changes and kill -9 at once, each client gets what it may see, once and in order.",
    async (run) => {
      await run.start();
      await connectClients(run);
      for (const round of [1, 2]) {
        const writers = new WriterPool(run, `round ${round}`, COLLECTIONS).start(6);
        let over = false;
        const isOver = (): boolean => over;
        const activities = [
          changeAccess(run, writers, run.random.fork(), isOver),
          ...run.listeners.map((each) => disturbListener(run, writers, each, run.random.fork(), isOver)),
        ];
        await writers.answered(run.random.int(100, run.isShort ? 200 : 400));
        over = true;
        await run.kill();
        await Promise.all([...activities, writers.stop()]);
        await Promise.all(run.listeners.map((listener) => listener.ended()));
        await run.start();
        await Promise.all(run.listeners.map((listener) => listener.connect(run, run.random.pick(CURSOR_CHANNELS))));
      }
      await run.settle();
    },
    ["all seeds", "short"],
  ],
]);
