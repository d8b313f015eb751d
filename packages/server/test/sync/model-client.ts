import type { SyncCookie } from "@headwater/protocol";
import type { PullResult } from "../../src/sync/pull.ts";
import type { Mutation } from "../../src/sync/requests.ts";
import type { ModelWorld } from "./model-world.ts";

/** What a client keeps between two pulls. */
export interface Kept {
  readonly cookie: SyncCookie | null;
  readonly view: ReadonlyMap<string, string>;
  /** The last of its own mutations that it knows to be done; those above it are sent again and again. */
  readonly confirmed: number;
}

/** What a group of clients shares: which keys it was ever given. */
export interface ModelGroup {
  readonly key: string;
  readonly user: string;
  readonly given: Set<string>;
}

const NOTHING: Kept = { cookie: null, view: new Map(), confirmed: 0 };

/** A client as Replicache's is one: it applies what it is given, refuses what is older, and sends until it is confirmed. */
export class ModelClient {
  readonly id: string;
  readonly group: ModelGroup;
  kept: Kept;
  /** Earlier states of it: of a tab that sleeps, or an answer that was lost. */
  readonly earlier: Kept[] = [NOTHING];
  /** All that it ever did. */
  readonly mutations: Mutation[] = [];
  /** The last one that went out, and the last one of which it knows that the server took it. */
  sent = 0;
  taken = 0;
  /** It sends none before this one again. */
  forgottenBefore = 0;

  constructor(id: string, group: ModelGroup, kept: Kept = NOTHING) {
    this.id = id;
    this.group = group;
    this.kept = { ...kept, confirmed: 0 };
  }

  /** @throws Error for an answer that no client may be given */
  async pull(world: ModelWorld, from: Kept = this.kept): Promise<PullResult> {
    const pulled = await world.pull(this.group.user, this.group.key, from.cookie);
    if (!pulled) throw new Error("the group was not known");
    this.kept = applied(this.id, from, pulled, this.group);
    this.earlier.push(this.kept);
    if (this.earlier.length > 8) this.earlier.shift();
    if (this.confirmed > this.sent) throw new Error(`mutation ${this.confirmed} is confirmed, and was not sent`);
    this.taken = Math.max(this.taken, this.confirmed);
    return pulled;
  }

  get confirmed(): number {
    return this.kept.confirmed;
  }

  do(name: string, args: unknown): void {
    this.mutations.push({ clientID: this.id, id: this.mutations.length + 1, name, args });
  }

  /** What it has not seen confirmed, and now and then what it has. */
  pending(again: number): readonly Mutation[] {
    const from = Math.max(this.forgottenBefore, Math.min(this.confirmed, this.taken) - again);
    return this.mutations.slice(Math.max(0, from));
  }

  /** @param upTo the last that was sent */
  async push(world: ModelWorld, mutations: readonly Mutation[]): Promise<void> {
    this.sent = Math.max(this.sent, mutations.at(-1)?.id ?? 0);
    const done = await world.push(this.group.user, this.group.key, mutations);
    if (done) this.taken = Math.max(this.taken, mutations.at(-1)?.id ?? 0);
  }
}

function applied(
  client: string,
  { cookie: before, view: old, confirmed }: Kept,
  { cookie, patch, lastMutationIDChanges }: PullResult,
  group: ModelGroup,
): Kept {
  const isSame = JSON.stringify(cookie) === JSON.stringify(before);
  if (isSame && (patch.length > 0 || Object.keys(lastMutationIDChanges).length > 0)) {
    throw new Error("the cookie is the same, so the client drops what came with it");
  }
  if (!isSame && before && cookie.order <= before.order)
    throw new Error(`order ${cookie.order} is not above ${before.order}`);
  const view = new Map(old);
  for (const text of patch) {
    const operation = JSON.parse(text) as { op: string; key: string; value: unknown };
    if (operation.op === "clear") view.clear();
    else if (operation.op === "put") {
      view.set(operation.key, JSON.stringify(operation.value));
      group.given.add(operation.key);
    } else if (operation.op === "del") {
      if (!group.given.has(operation.key)) throw new Error(`${operation.key} is deleted, and was never given`);
      view.delete(operation.key);
    } else throw new Error(`no operation: ${text}`);
  }
  const last = lastMutationIDChanges[client] ?? confirmed;
  if (last < confirmed) throw new Error(`mutation ${confirmed} was confirmed, and now it is ${last}`);
  return { cookie, view, confirmed: last };
}
