import type { Store } from "../store/store.ts";
import { NO_VIEW, saveFloor, saveView } from "./client-group.ts";
import { forgetClients } from "./client-rows.ts";
import { dropRows } from "./view-rows.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long the server keeps the state of silent clients, in milliseconds. */
export interface RetentionAges {
  /** A group's view. After that, the group's next pull sends everything again. */
  readonly viewMs: number;
  /** Which mutations of a client are done, and who owns a group. */
  readonly clientMs: number;
}

export const DEFAULT_AGES: RetentionAges = { viewMs: 14 * DAY_MS, clientMs: 180 * DAY_MS };

/** How many records that left a view are remembered, for tabs that have an older version. */
const KEPT_GONE = 10_000;

/** Deletes what is too old, one group per transaction, so that other writers don't wait long. */
export async function expireSync(
  store: Store,
  now: Date,
  { viewMs, clientMs }: RetentionAges = DEFAULT_AGES,
): Promise<void> {
  const idle = await groupsWhere(store, "seen < ? AND life != ''", now.getTime() - viewMs);
  for (const id of idle) {
    await store.write(async (tx) => {
      await dropRows(tx, id);
      await saveView(tx, id, NO_VIEW);
      await saveFloor(tx, id, 0);
    });
  }
  await store.write(async (tx) => {
    await forgetClients(tx, now.getTime() - clientMs);
    await tx.run({
      text: "DELETE FROM _sync_groups WHERE seen < ? AND life = '' AND id NOT IN (SELECT client_group FROM _sync_clients)",
      values: [now.getTime() - clientMs],
    });
  });
  const active = await groupsWhere(store, "seen >= ? AND life != ''", now.getTime() - viewMs);
  for (const id of active) await trimGone(store, id);
}

async function groupsWhere(store: Store, condition: string, value: number): Promise<readonly number[]> {
  const rows = await store.all({ text: `SELECT id FROM _sync_groups WHERE ${condition}`, values: [value] });
  return rows.map(({ id }) => Number(id));
}

/** Deletes the oldest rows of records that left the view, and raises the floor to match. */
async function trimGone(store: Store, id: number): Promise<void> {
  const row = await store.first({ text: NEWEST_TRIMMED, values: [id, KEPT_GONE] });
  if (!row) return;
  const floor = Number(row["version"]);
  await store.write(async (tx) => {
    await tx.run({
      text: "DELETE FROM _sync_view WHERE client_group = ? AND version <= ? AND gone = 1",
      values: [id, floor],
    });
    await saveFloor(tx, id, floor);
  });
}

const NEWEST_TRIMMED =
  "SELECT version FROM _sync_view WHERE client_group = ? AND gone = 1 ORDER BY version DESC LIMIT 1 OFFSET ?";

/** Runs `expireSync` once an hour. @returns a function that stops it */
export function startSyncExpiration(store: Store, onError: (error: unknown) => void): () => void {
  const timer = setInterval(() => void expireSync(store, new Date()).catch(onError), HOUR_MS);
  return () => clearInterval(timer);
}
