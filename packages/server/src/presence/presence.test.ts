import { expect, test } from "bun:test";
import { type TestClient, openHub } from "../testing/hub-harness.ts";
import { Presence } from "./presence.ts";

const WITH_PRESENCE = `@chat?options=${JSON.stringify({ query: { presence: "{}" } })}`;

/** Presence for sessions whose principals are names. Each may listen, unless `checks` has a check for its name. */
function openPresence() {
  const { join } = openHub();
  const errors: unknown[] = [];
  const checked: string[] = [];
  const checks = new Map<string, () => Promise<boolean>>();
  const presence = new Presence<string>({
    accountOf: (name) => name,
    authOf: (name) => ({ collection: "users", id: name }),
    viewOf: async () => () => true,
    roomOf: () => "chat",
    mayListen: (_, name) => {
      checked.push(name);
      return checks.get(name)?.() ?? Promise.resolve(true);
    },
    graceMs: 0,
    onError: (error) => errors.push(error),
  });
  const enter = (name: string): TestClient => {
    const joined = join(name, WITH_PRESENCE);
    presence.sessionChanged(joined.session);
    return joined;
  };
  return { presence, enter, errors, checked, checks };
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await Bun.sleep(1);
};

const ids = (presence: Presence<string>): readonly (string | undefined)[] =>
  presence.membersOf("chat").map(({ auth }) => auth?.id);

test("a subscriber that arrives during the checks gets nothing and stays invisible until it is checked too", async () => {
  const { presence, enter, checked, checks } = openPresence();
  const [ann, mal] = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
  checks.set("ann", () => ann.promise).set("mal", () => mal.promise);
  const her = enter("ann");
  await until(() => checked.includes("ann"));
  const intruder = enter("mal");
  ann.resolve(true);
  await until(() => checked.includes("mal"));
  expect([intruder.wire.text, her.wire.text, ids(presence)]).toEqual(["", "", []]);
  mal.resolve(false);
  await until(() => her.wire.text !== "");
  enter("bob");
  await until(() => her.wire.text.includes("bob"));
  expect(her.wire.text).not.toContain("mal");
  expect(intruder.wire.text).toBe("");
  presence.stop();
});

test("a subscriber that loses its right during its check is checked again before anything is sent", async () => {
  const { presence, enter, checked, checks } = openPresence();
  const first = Promise.withResolvers<boolean>();
  checks.set("ann", () => first.promise);
  const her = enter("ann");
  await until(() => checked.includes("ann"));
  checks.set("ann", () => Promise.resolve(false));
  presence.revalidate(1);
  first.resolve(true);
  await until(() => checked.length > 1);
  const bob = enter("bob");
  await until(() => bob.wire.text.includes("bob"));
  expect([her.wire.text, ids(presence)]).toEqual(["", ["bob"]]);
  presence.stop();
});

test("a check that fails keeps no other subscriber from its events", async () => {
  const { presence, enter, errors, checks } = openPresence();
  checks.set("ann", () => Promise.reject(new Error("no answer")));
  const [ann, bob] = [enter("ann"), enter("bob")];
  await until(() => bob.wire.text.includes("bob"));
  enter("cid");
  await until(() => bob.wire.text.includes("cid"));
  expect(errors).toEqual([new Error("no answer")]);
  expect([ann.wire.text, ids(presence)]).toEqual(["", ["bob", "cid"]]);
  presence.stop();
});
