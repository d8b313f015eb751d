import type { SyncCookie } from "@headwater/protocol";
import type { PullResult } from "../../src/sync/pull.ts";
import type { Mutation } from "../../src/sync/requests.ts";
import type { ModelServer } from "./model-server.ts";

/** A client's state between two pulls. */
export interface ClientState {
  readonly cookie: SyncCookie | null;
  readonly view: ReadonlyMap<string, string>;
  /** The client's last confirmed mutation; it resends later ones. */
  readonly confirmed: number;
}

/** A client group, with every key that the server has sent to it. */
export interface ModelGroup {
  readonly key: string;
  readonly user: string;
  readonly receivedKeys: Set<string>;
}

const EMPTY_STATE: ClientState = { cookie: null, view: new Map(), confirmed: 0 };

/** A simplified Replicache client: applies pulls, rejects older cookies, and resends mutations until confirmed. */
export class ModelClient {
  readonly id: string;
  readonly group: ModelGroup;
  state: ClientState;
  /** Earlier states, as after a lost response or in a suspended tab. */
  readonly earlierStates: ClientState[] = [EMPTY_STATE];
  /** Every mutation so far. */
  readonly mutations: Mutation[] = [];
  /** The ids of the last mutation sent and of the last one that the server accepted. */
  sent = 0;
  accepted = 0;
  /** Mutations up to this id are never resent. */
  forgottenBefore = 0;

  constructor(id: string, group: ModelGroup, kept: ClientState = EMPTY_STATE) {
    this.id = id;
    this.group = group;
    this.state = { ...kept, confirmed: 0 };
  }

  /** @throws Error for a response that violates the protocol */
  async pull(server: ModelServer, from: ClientState = this.state): Promise<PullResult> {
    const pulled = await server.pull(this.group.user, this.group.key, from.cookie);
    if (!pulled) throw new Error("the server did not know the group");
    this.state = applyPull(this.id, from, pulled, this.group);
    this.earlierStates.push(this.state);
    if (this.earlierStates.length > 8) this.earlierStates.shift();
    if (this.confirmed > this.sent) throw new Error(`mutation ${this.confirmed} is confirmed, but was not sent`);
    this.accepted = Math.max(this.accepted, this.confirmed);
    return pulled;
  }

  get confirmed(): number {
    return this.state.confirmed;
  }

  mutate(name: string, args: unknown): void {
    this.mutations.push({ clientID: this.id, id: this.mutations.length + 1, name, args });
  }

  /** The unconfirmed mutations, and the last `again` confirmed ones. */
  pending(again: number): readonly Mutation[] {
    const from = Math.max(this.forgottenBefore, Math.min(this.confirmed, this.accepted) - again);
    return this.mutations.slice(Math.max(0, from));
  }

  async push(server: ModelServer, mutations: readonly Mutation[]): Promise<void> {
    this.sent = Math.max(this.sent, mutations.at(-1)?.id ?? 0);
    const isAccepted = await server.push(this.group.user, this.group.key, mutations);
    if (isAccepted) this.accepted = Math.max(this.accepted, mutations.at(-1)?.id ?? 0);
  }
}

function applyPull(
  client: string,
  { cookie: before, view: old, confirmed }: ClientState,
  { cookie, patch, lastMutationIDChanges }: PullResult,
  group: ModelGroup,
): ClientState {
  const isSame = JSON.stringify(cookie) === JSON.stringify(before);
  if (isSame && (patch.length > 0 || Object.keys(lastMutationIDChanges).length > 0)) {
    throw new Error("the cookie is unchanged, so a client ignores the patch that came with it");
  }
  if (!isSame && before && cookie.order <= before.order)
    throw new Error(`order ${cookie.order} is not above ${before.order}`);
  const view = new Map(old);
  for (const text of patch) {
    const operation = JSON.parse(text) as { op: string; key: string; value: unknown };
    if (operation.op === "clear") view.clear();
    else if (operation.op === "put") {
      view.set(operation.key, JSON.stringify(operation.value));
      group.receivedKeys.add(operation.key);
    } else if (operation.op === "del") {
      if (!group.receivedKeys.has(operation.key)) throw new Error(`${operation.key} is deleted, but was never sent`);
      view.delete(operation.key);
    } else throw new Error(`unknown operation: ${text}`);
  }
  const last = lastMutationIDChanges[client] ?? confirmed;
  if (last < confirmed)
    throw new Error(`mutation ${confirmed} was confirmed, but now the last confirmed one is ${last}`);
  return { cookie, view, confirmed: last };
}
