import type { SyncCookie } from "@headwater/protocol";
import { randomId } from "../lib/random.ts";
import type { Transaction } from "../store/store.ts";
import { claimGroup, findGroup, type GroupClaim, saveFloor, saveView } from "./client-group.ts";
import { copyRows } from "./view-rows.ts";

/**
 * Creates a client group. If it brings the cookie of another group of the same user, as after a new version of the
 * application, it gets a copy of that group's view, and nothing is sent again.
 */
export async function adoptView(tx: Transaction, claim: GroupClaim, cookie: SyncCookie | undefined): Promise<void> {
  const { key, owner } = claim;
  const group = await claimGroup(tx, claim);
  if (!cookie || cookie.group === key || group.view.generation !== "") return;
  const source = await findGroup(tx, cookie.group);
  if (source?.owner !== owner || source.view.generation === "" || source.view.generation !== cookie.life) return;
  await copyRows(tx, source.id, group.id);
  const { generation, version } = source.view;
  await saveView(tx, group.id, {
    ...source.view,
    generation: randomId(),
    parentGeneration: generation,
    copiedVersion: version,
  });
  await saveFloor(tx, group.id, source.view.floor);
}
