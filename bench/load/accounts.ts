import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";

/** An auth record and its token. */
export interface Account {
  readonly id: string;
  readonly token: string;
}

/** The auth collection of a new data folder. */
export const USERS = "_pb_users_auth_";

const CONCURRENCY = 32;
const TOKEN_SECONDS = 24 * 3600;

/** SQL for the fields that differ between copies, for copy number `i`. */
const UNIQUE_VALUES: Readonly<Record<string, string>> = {
  id: "printf('account%08d', i)",
  email: "printf('account%d@example.com', i)",
  tokenKey: "hex(randomblob(25))",
};

/**
 * Adds accounts to a running server. Hashing each password would be slow, so the server creates only the first account
 * and the others are copied in the database. The server issues all tokens.
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
  await inParallel(count, CONCURRENCY, async (index) => {
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
  const values = columns.map((name) => UNIQUE_VALUES[name] ?? `"${name}"`).join(", ");
  database.run(
    `INSERT INTO users (${names})
     WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
     SELECT ${values} FROM users, n WHERE users.id = ?`,
    [count, original],
  );
}
