import type { Scope } from "../core/scope.ts";
import { Timeout } from "../core/deadline.ts";
import type { Inbox } from "../stream/inbox.ts";

/** How often to look whether something still happens. */
export const LOOK_MS = 1_000;

/**
 * Waits until the condition holds, for the clock's patience. It counts looks and not the time between them: when the kit
 * itself is late, the client had no time either.
 *
 * @param what the subject of "… did not arrive"
 */
export async function waitFor<T>(
  inbox: Inbox<T>,
  holds: (items: readonly T[]) => boolean,
  { patienceMs }: Scope,
  what: string,
): Promise<void> {
  for (let waited = 0; waited < patienceMs && !holds(inbox.items); waited += LOOK_MS)
    await inbox.until(holds, Math.min(LOOK_MS, patienceMs - waited), what).catch(() => undefined);
  if (!holds(inbox.items)) throw new Timeout(`${what} did not arrive within ${patienceMs} ms`);
}
