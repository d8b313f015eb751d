import { cpSync } from "node:fs";
import { join } from "node:path";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { readLog } from "@headwater/testing/servers/read-database.ts";
import { startServer } from "@headwater/testing/servers/server-process.ts";
import { type TempDir, tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { CREW, EVERYBODY, MEMBER, NOBODY, OPEN, OWNER, PASS_HOLDER, type Rule, SIGNED_IN } from "./rules.ts";

/** Each collection's read rule. Anyone may write: only reading is tested. */
export const RULES: Readonly<Record<string, Rule>> = {
  marks: EVERYBODY,
  notes: EVERYBODY,
  comments: EVERYBODY,
  inner: SIGNED_IN,
  diaries: OWNER,
  plans: CREW,
  rooms: EVERYBODY,
  messages: MEMBER,
  passes: NOBODY,
  vault: PASS_HOLDER,
  changing: OPEN,
};

const USERS = "_pb_users_auth_";
const TEXT = [
  { name: "title", type: "text" },
  { name: "body", type: "text", max: 8_000_000 },
  { name: "size", type: "number" },
  { name: "open", type: "bool" },
  { name: "data", type: "json", maxSize: 8_000_000 },
];
const one = (name: string, collectionId: string, cascadeDelete = false) => ({
  name,
  type: "relation",
  collectionId,
  maxSelect: 1,
  cascadeDelete,
});

const FIELDS: Readonly<Record<string, (idOf: (name: string) => string) => readonly object[]>> = {
  comments: (idOf) => [one("note", idOf("notes"), true)],
  diaries: () => [one("owner", USERS)],
  plans: () => [{ name: "crew", type: "text" }],
  rooms: () => [{ name: "members", type: "relation", collectionId: USERS, maxSelect: 99 }],
  messages: (idOf) => [one("room", idOf("rooms"))],
  passes: () => [one("holder", USERS)],
};

export interface Account {
  readonly id: string;
  readonly name: string;
  readonly password: string;
  readonly token: string;
}

/** A data folder with the collections above and some users. Every scenario gets a copy. */
export interface SeedFolder {
  readonly folder: TempDir;
  readonly admin: SuperuserClient;
  readonly users: readonly Account[];
  /** The source tree of the servers, if not this one. */
  readonly root: string | undefined;
  /** The seq of its last change. */
  readonly head: number;
}

const NAMES = ["ann", "bob", "cat", "dan"];

export async function makeSeedFolder(root?: string): Promise<SeedFolder> {
  const folder = tempDir();
  await using server = await startServer({ dir: dataFolderIn(folder.path), root });
  const admin = await SuperuserClient.signIn(server.url);
  const ids = new Map<string, string>();
  for (const [name, { text }] of Object.entries(RULES)) {
    const fields = [...TEXT, ...(FIELDS[name]?.((other) => ids.get(other)!) ?? [])];
    const rules = { listRule: text, viewRule: text, createRule: "", updateRule: "", deleteRule: "" };
    const { id } = await admin.createCollection({ name, type: "base", fields, ...rules });
    ids.set(name, id);
  }
  const users = await Promise.all(
    NAMES.map(async (name) => ({ ...(await admin.createUser(name)), name, password: "1234567890" })),
  );
  await server.stop();
  return { folder, admin, users, root, head: readLog(server.dir).at(-1)!.seq };
}

/** The data folder within a scenario's folder, which also holds the clock setting. */
export const dataFolderIn = (path: string): string => join(path, "pb_data");

export const copySeedFolder = ({ folder }: SeedFolder, path: string): void =>
  cpSync(dataFolderIn(folder.path), dataFolderIn(path), { recursive: true });
