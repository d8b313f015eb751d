import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { type Account, USERS } from "../load/accounts.ts";

/** Who may see a note: everyone, signed-in users, its owner, or the members of its team. */
export type Rule = "public" | "auth" | "owner" | "join";
export const RULES: readonly Rule[] = ["public", "auth", "owner", "join"];

export const COLLECTION = PUBLIC_NOTES.name;
const TEAM_SIZE = 100;

/** How the notes of a collection divide the accounts into groups. */
export interface Grouping {
  /** The number of groups: see `Groups`. */
  readonly groups: number;
  /** The fields that make a note visible to a group. */
  readonly note: (group: number) => Readonly<Record<string, unknown>>;
}

export const listRuleOf: Readonly<Record<Rule, string>> = {
  public: "",
  auth: '@request.auth.id != ""',
  owner: "owner = @request.auth.id",
  join: "team.members.id ?= @request.auth.id",
};

/** Creates the notes collection and what its rule needs. The accounts are the subscribers, in order. */
export async function createCollections(
  admin: SuperuserClient,
  rule: Rule,
  accounts: readonly Account[],
): Promise<Grouping> {
  if (rule === "owner") {
    await createNotes(admin, rule, [{ ...relation("owner", USERS), maxSelect: 1 }]);
    return { groups: accounts.length, note: (group) => ({ owner: accounts[group]!.id }) };
  }
  if (rule === "join") return createTeams(admin, accounts);
  await createNotes(admin, rule, []);
  return { groups: 1, note: () => ({}) };
}

async function createTeams(admin: SuperuserClient, accounts: readonly Account[]): Promise<Grouping> {
  const groups = Math.ceil(accounts.length / TEAM_SIZE);
  const { id: teams } = await admin.createCollection({
    name: "teams",
    type: "base",
    fields: [{ ...relation("members", USERS), maxSelect: 2 * TEAM_SIZE }],
  });
  await createNotes(admin, "join", [{ ...relation("team", teams), maxSelect: 1 }]);
  const ids: string[] = [];
  for (let group = 0; group < groups; group += 1) {
    const members = accounts.filter((_, index) => index % groups === group).map(({ id }) => id);
    ids.push((await admin.create("teams", { members })).id);
  }
  return { groups, note: (group) => ({ team: ids[group] }) };
}

const relation = (name: string, collectionId: string) => ({ name, type: "relation", collectionId });

const createNotes = (admin: SuperuserClient, rule: Rule, extra: readonly Readonly<Record<string, unknown>>[]) =>
  admin.createCollection({
    ...PUBLIC_NOTES,
    listRule: listRuleOf[rule],
    fields: [...PUBLIC_NOTES.fields, ...extra],
  });
