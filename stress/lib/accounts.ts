import type { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { readRows } from "@headwater/testing/servers/read-database.ts";
import type { Account } from "./listener.ts";

/** A user's token, with the token key that keeps it valid. */
export function accountOf({ id, token }: { readonly id: string; readonly token: string }, dir: string): Account {
  const tokenKey = String(readRows(dir, "users").find((row) => row["id"] === id)?.["tokenKey"]);
  return { identity: { kind: "user", id, tokenKey }, token };
}

/** A new password revokes all of a user's tokens. */
export async function setPassword(admin: SuperuserClient, id: string, password: string): Promise<void> {
  await admin.update("users", id, { password, passwordConfirm: password });
}

/** Issues a new token without a password, whose hash would take long to check. */
export async function signInAgain(admin: SuperuserClient, id: string, dir: string): Promise<Account> {
  const path = `/api/collections/users/impersonate/${id}`;
  const { status, body, text } = await admin.request<{ token: string }>("POST", path, { body: {} });
  if (status !== 200) throw new Error(`no token for ${id}: ${status} ${text}`);
  return accountOf({ id, token: body.token }, dir);
}
