import type { SyncCookie } from "@headwater/protocol";
import { randomId } from "../lib/random.ts";
import type { Transaction } from "../store/store.ts";
import { claimGroup, findGroup, saveFloor, saveView } from "./client-group.ts";
import { copyRows } from "./view-rows.ts";

/**
 * Makes a new group. One that begins from the state of another group of the same user, as after a new version of the
 * application, is given what that one has: nothing is sent again.
 */
export async function adoptView(
  tx: Transaction,
  key: string,
  owner: string,
  cookie: SyncCookie | undefined,
  now: Date,
): Promise<void> {
  const group = await claimGroup(tx, key, owner, now);
  if (!cookie || cookie.group === key || group.view.life !== "") return;
  const from = await findGroup(tx, cookie.group);
  if (from?.owner !== owner || from.view.life === "" || from.view.life !== cookie.life) return;
  await copyRows(tx, from.id, group.id);
  const { life, version } = from.view;
  await saveView(tx, group.id, { ...from.view, life: randomId(), parent: life, forked: version });
  await saveFloor(tx, group.id, from.view.floor);
}
