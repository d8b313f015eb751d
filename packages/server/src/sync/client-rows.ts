import { forbidden } from "../lib/api-error.ts";
import type { Reader, Transaction } from "../store/store.ts";
import type { ClientGroup } from "./client-group.ts";

/**
 * The id of the last mutation of a client that is done; `undefined` for an unknown client.
 *
 * @throws ApiError 403 if the client belongs to another group
 */
export async function findLastMutation(
  reader: Reader,
  { id }: ClientGroup,
  client: string,
): Promise<number | undefined> {
  const row = await reader.first({
    text: "SELECT client_group, mutation FROM _sync_clients WHERE key = ?",
    values: [client],
  });
  if (row && row["client_group"] !== id) throw forbidden("The client belongs to another client group.");
  return row && Number(row["mutation"]);
}

/** Saves the last mutation of each client, in the transaction that does them. */
export async function saveLastMutations(
  tx: Transaction,
  { id }: ClientGroup,
  lastMutations: ReadonlyMap<string, number>,
  now: Date,
): Promise<void> {
  if (lastMutations.size === 0) return;
  await tx.run({ text: "UPDATE _sync_groups SET pushes = pushes + 1, seen = ? WHERE id = ?", values: [+now, id] });
  for (const [client, mutation] of lastMutations) {
    await tx.run({ text: SAVE, values: [client, id, mutation, +now, id] });
  }
}

const SAVE = `INSERT INTO _sync_clients (key, client_group, mutation, seen, pushes)
  VALUES (?, ?, ?, ?, (SELECT pushes FROM _sync_groups WHERE id = ?))
  ON CONFLICT (key) DO UPDATE SET mutation = excluded.mutation, seen = excluded.seen, pushes = excluded.pushes`;

/** The last mutations of the group's clients that changed after that many pushes, by client. */
export async function mutationsSince(
  reader: Reader,
  { id }: ClientGroup,
  pushes: number,
): Promise<Readonly<Record<string, number>>> {
  const rows = await reader.all({
    text: "SELECT key, mutation FROM _sync_clients WHERE client_group = ? AND pushes > ?",
    values: [id, pushes],
  });
  return Object.fromEntries(rows.map(({ key, mutation }) => [String(key), Number(mutation)]));
}

const FORGOTTEN = "sync_clients_forgotten";

/** Deletes clients that have not pushed since `before`, and records for good that some were deleted. @returns how many */
export async function forgetClients(tx: Transaction, before: number): Promise<number> {
  const forgotten = await tx.run({ text: "DELETE FROM _sync_clients WHERE seen < ?", values: [before] });
  if (forgotten > 0) {
    await tx.run({ text: "INSERT OR IGNORE INTO _headwater (key, value) VALUES (?, '1')", values: [FORGOTTEN] });
  }
  return forgotten;
}

/** Whether an unknown client may be one that was forgotten. */
export async function hasForgotten(reader: Reader): Promise<boolean> {
  return (await reader.first({ text: "SELECT 1 FROM _headwater WHERE key = ?", values: [FORGOTTEN] })) !== undefined;
}
