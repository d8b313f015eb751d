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

/** Runs until it is told to stop, or until the server is gone: what is under way then may or may not have happened. */
async function whileItLasts(isOver: () => boolean, step: () => Promise<void>): Promise<void> {
  while (!isOver()) {
    try {
      await step();
    } catch (error) {
      if (isOver()) return;
      throw error;
    }
  }
}

/** Comes and goes, stops reading for a while, and comes back by its cursor. */
async function beRestless(
  run: ScenarioRun,
  crowd: WriterPool,
  listener: Listener,
  random: Random,
  isOver: () => boolean,
) {
  const later = (): Promise<void> => crowd.answered(crowd.written.items.length + random.int(1, 60));
  await whileItLasts(isOver, async () => {
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

/** Changes rules, members, names, passes and passwords while everyone looks. */
async function meddle(run: ScenarioRun, crowd: WriterPool, random: Random, isOver: () => boolean) {
  const { admin, seedFolder } = run;
  const passes: string[] = [];
  let rule = OPEN;
  const pickUser = () => random.pick(seedFolder.users);
  const acts: readonly (() => Promise<unknown>)[] = [
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
      await returnAs(run, id, random);
    },
  ];
  await whileItLasts(isOver, async () => {
    await crowd.answered(crowd.written.items.length + random.int(10, 80));
    if (!isOver()) await random.pick(acts)();
  });
}

/** Some of those who were signed out get a new token for their next visit; the others go on with the dead one. */
async function returnAs(run: ScenarioRun, id: string, random: Random): Promise<void> {
  const account = await signInAgain(run.admin, id, run.dir);
  for (const listener of run.listeners) {
    if (listener.account.identity.id === id && random.chance(60)) listener.account = account;
  }
}

async function settleIn(run: ScenarioRun): Promise<void> {
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
    "Whatever clients, writers, rules, accounts and kill -9 do at once, each client gets what it may see, once, in order.",
    async (run) => {
      await run.start();
      await settleIn(run);
      for (const round of [1, 2]) {
        const crowd = new WriterPool(run, `round ${round}`, COLLECTIONS).start(6);
        let over = false;
        const isOver = (): boolean => over;
        const actors = [
          meddle(run, crowd, run.random.fork(), isOver),
          ...run.listeners.map((each) => beRestless(run, crowd, each, run.random.fork(), isOver)),
        ];
        await crowd.answered(run.random.int(100, run.isShort ? 200 : 400));
        over = true;
        await run.kill();
        await Promise.all([...actors, crowd.stop()]);
        await Promise.all(run.listeners.map((listener) => listener.ended()));
        await run.start();
        await Promise.all(run.listeners.map((listener) => listener.connect(run, run.random.pick(CURSOR_CHANNELS))));
      }
      await run.settle();
    },
    ["all seeds", "short"],
  ],
]);
