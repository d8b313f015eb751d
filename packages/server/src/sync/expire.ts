import type { Store } from "../store/store.ts";
import { NO_VIEW, saveFloor, saveView } from "./client-group.ts";
import { forgetClients } from "./client-rows.ts";
import { dropRows } from "./view-rows.ts";

const DAY_MS = 86_400_000;

/** How long what is kept for clients is kept while they are silent, in milliseconds. */
export interface Ages {
  /** What a group has: coming back later, it is sent everything anew. */
  readonly viewMs: number;
  /** Which mutations of a client are done, and whose a group is. */
  readonly clientMs: number;
}

export const AGES: Ages = { viewMs: 14 * DAY_MS, clientMs: 180 * DAY_MS };

/** Of what has left a view, so many are remembered for tabs that are behind. */
const GONE_KEPT = 10_000;

/** Forgets what is too old, a group a write, so that nobody waits long. */
export async function expireSync(store: Store, now: Date, { viewMs, clientMs }: Ages = AGES): Promise<void> {
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
  const moving = await groupsWhere(store, "seen >= ? AND life != ''", now.getTime() - viewMs);
  for (const id of moving) await trimGone(store, id);
}

async function groupsWhere(store: Store, condition: string, value: number): Promise<readonly number[]> {
  const rows = await store.all({ text: `SELECT id FROM _sync_groups WHERE ${condition}`, values: [value] });
  return rows.map(({ id }) => Number(id));
}

async function trimGone(store: Store, id: number): Promise<void> {
  const row = await store.first({ text: OLDEST_KEPT, values: [id, GONE_KEPT] });
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

const OLDEST_KEPT =
  "SELECT version FROM _sync_view WHERE client_group = ? AND gone = 1 ORDER BY version DESC LIMIT 1 OFFSET ?";

/** Looks once an hour. @returns a function that stops it */
export function startExpiry(store: Store, onError: (error: unknown) => void): () => void {
  const timer = setInterval(() => void expireSync(store, new Date()).catch(onError), 3_600_000);
  return () => clearInterval(timer);
}
