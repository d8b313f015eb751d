import { expect, test } from "bun:test";
import { type Joined, openHub } from "../testing/hub-harness.ts";
import { Presence } from "./presence.ts";

const SEEN = `@chat?options=${JSON.stringify({ query: { presence: "{}" } })}`;

/** Presence for sessions whose principals are names. `mayListen` answers once `answer` was called for the name. */
function openPresence() {
  const { join } = openHub();
  const errors: unknown[] = [];
  const asked: string[] = [];
  const answers = new Map<string, () => Promise<boolean>>();
  const presence = new Presence<string>({
    accountOf: (name) => name,
    authOf: (name) => ({ collection: "users", id: name }),
    roomOf: () => "chat",
    mayListen: (_, name) => {
      asked.push(name);
      return answers.get(name)?.() ?? Promise.resolve(true);
    },
    graceMs: 0,
    onError: (error) => errors.push(error),
  });
  const enter = (name: string): Joined => {
    const joined = join(name, SEEN);
    presence.attend(joined.session);
    return joined;
  };
  return { presence, enter, errors, asked, answers };
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await Bun.sleep(1);
};

const ids = (presence: Presence<string>): readonly (string | undefined)[] =>
  presence.membersOf("chat").map(({ auth }) => auth?.id);

test("who comes while others are asked about hears nothing and is not seen before it was asked about, too", async () => {
  const { presence, enter, asked, answers } = openPresence();
  const [ann, mal] = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
  answers.set("ann", () => ann.promise).set("mal", () => mal.promise);
  const her = enter("ann");
  await until(() => asked.includes("ann"));
  const intruder = enter("mal");
  ann.resolve(true);
  await until(() => asked.includes("mal"));
  expect([intruder.wire.text, her.wire.text, ids(presence)]).toEqual(["", "", []]);
  mal.resolve(false);
  await until(() => her.wire.text !== "");
  enter("bob");
  await until(() => her.wire.text.includes("bob"));
  expect(her.wire.text).not.toContain("mal");
  expect(intruder.wire.text).toBe("");
  presence.stop();
});

test("who loses the right while it is asked about is asked about again before anything is told", async () => {
  const { presence, enter, asked, answers } = openPresence();
  const first = Promise.withResolvers<boolean>();
  answers.set("ann", () => first.promise);
  const her = enter("ann");
  await until(() => asked.includes("ann"));
  answers.set("ann", () => Promise.resolve(false));
  presence.revise(1);
  first.resolve(true);
  await until(() => asked.length > 1);
  const bob = enter("bob");
  await until(() => bob.wire.text.includes("bob"));
  expect([her.wire.text, ids(presence)]).toEqual(["", ["bob"]]);
  presence.stop();
});

test("one about whom nothing can be found out keeps nobody else from hearing", async () => {
  const { presence, enter, errors, answers } = openPresence();
  answers.set("ann", () => Promise.reject(new Error("no answer")));
  const [ann, bob] = [enter("ann"), enter("bob")];
  await until(() => bob.wire.text.includes("bob"));
  enter("cid");
  await until(() => bob.wire.text.includes("cid"));
  expect(errors).toEqual([new Error("no answer")]);
  expect([ann.wire.text, ids(presence)]).toEqual(["", ["bob", "cid"]]);
  presence.stop();
});
