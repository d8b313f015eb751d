import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";

/** An auth record and its token. */
export interface Account {
  readonly id: string;
  readonly token: string;
}

/** The auth collection that a new folder has. */
export const USERS = "_pb_users_auth_";

const LANES = 32;
const TOKEN_SECONDS = 24 * 3600;

/** One field of a copied account for the number `i`; the others are as in the original. */
const OWN_VALUES: Readonly<Record<string, string>> = {
  id: "printf('account%08d', i)",
  email: "printf('account%d@example.com', i)",
  tokenKey: "hex(randomblob(25))",
};

/**
 * Adds accounts to a server that runs. Each password would cost a slow hash, so only the first is made by the server;
 * the others are its copies in the database. Their tokens are the server's own.
 */
export async function addAccounts(admin: SuperuserClient, dir: string, count: number): Promise<Account[]> {
  const password = "1234567890";
  const original = await admin.create("users", {
    email: "original@example.com",
    password,
    passwordConfirm: password,
    verified: true,
  });
  copyAccount(dir, original.id, count);
  const accounts: Account[] = [];
  await inParallel(count, LANES, async (index) => {
    const id = `account${String(index).padStart(8, "0")}`;
    const { status, body, text } = await admin.request<{ token: string }>(
      "POST",
      `/api/collections/users/impersonate/${id}`,
      { body: { duration: TOKEN_SECONDS } },
    );
    if (status !== 200) throw new Error(`no token for an account: ${status} ${text}`);
    accounts[index] = { id, token: body.token };
  });
  return accounts;
}

function copyAccount(dir: string, original: string, count: number): void {
  using database = new Database(join(dir, "data.db"));
  database.run("PRAGMA busy_timeout = 10000");
  const columns = database
    .query<{ name: string }, []>("SELECT name FROM pragma_table_info('users')")
    .all()
    .map(({ name }) => name);
  const names = columns.map((name) => `"${name}"`).join(", ");
  const values = columns.map((name) => OWN_VALUES[name] ?? `"${name}"`).join(", ");
  database.run(
    `INSERT INTO users (${names})
     WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
     SELECT ${values} FROM users, n WHERE users.id = ?`,
    [count, original],
  );
}
