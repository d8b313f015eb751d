import type { SyncCookie } from "@headwater/protocol";
import type { PullResult } from "../../src/sync/pull.ts";
import type { Mutation } from "../../src/sync/requests.ts";
import type { ModelServer } from "./model-server.ts";

/** What a client keeps between two pulls. */
export interface ClientState {
  readonly cookie: SyncCookie | null;
  readonly view: ReadonlyMap<string, string>;
  /** The last of its own mutations that it knows to be done; those above it are sent again and again. */
  readonly confirmed: number;
}

/** What a group of clients shares: which keys it was ever given. */
export interface ModelGroup {
  readonly key: string;
  readonly user: string;
  readonly receivedKeys: Set<string>;
}

const EMPTY_STATE: ClientState = { cookie: null, view: new Map(), confirmed: 0 };

/** A client as Replicache's is one: it applies what it is given, refuses what is older, and sends until it is confirmed. */
export class ModelClient {
  readonly id: string;
  readonly group: ModelGroup;
  state: ClientState;
  /** Earlier states of it: of a tab that sleeps, or an answer that was lost. */
  readonly earlierStates: ClientState[] = [EMPTY_STATE];
  /** All that it ever did. */
  readonly mutations: Mutation[] = [];
  /** The last one that went out, and the last one of which it knows that the server took it. */
  sent = 0;
  accepted = 0;
  /** It sends none before this one again. */
  forgottenBefore = 0;

  constructor(id: string, group: ModelGroup, kept: ClientState = EMPTY_STATE) {
    this.id = id;
    this.group = group;
    this.state = { ...kept, confirmed: 0 };
  }

  /** @throws Error for an answer that no client may be given */
  async pull(server: ModelServer, from: ClientState = this.state): Promise<PullResult> {
    const pulled = await server.pull(this.group.user, this.group.key, from.cookie);
    if (!pulled) throw new Error("the group was not known");
    this.state = applyPull(this.id, from, pulled, this.group);
    this.earlierStates.push(this.state);
    if (this.earlierStates.length > 8) this.earlierStates.shift();
    if (this.confirmed > this.sent) throw new Error(`mutation ${this.confirmed} is confirmed, and was not sent`);
    this.accepted = Math.max(this.accepted, this.confirmed);
    return pulled;
  }

  get confirmed(): number {
    return this.state.confirmed;
  }

  mutate(name: string, args: unknown): void {
    this.mutations.push({ clientID: this.id, id: this.mutations.length + 1, name, args });
  }

  /** What it has not seen confirmed, and now and then what it has. */
  pending(again: number): readonly Mutation[] {
    const from = Math.max(this.forgottenBefore, Math.min(this.confirmed, this.accepted) - again);
    return this.mutations.slice(Math.max(0, from));
  }

  /** @param upTo the last that was sent */
  async push(server: ModelServer, mutations: readonly Mutation[]): Promise<void> {
    this.sent = Math.max(this.sent, mutations.at(-1)?.id ?? 0);
    const done = await server.push(this.group.user, this.group.key, mutations);
    if (done) this.accepted = Math.max(this.accepted, mutations.at(-1)?.id ?? 0);
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
      group.receivedKeys.add(operation.key);
    } else if (operation.op === "del") {
      if (!group.receivedKeys.has(operation.key)) throw new Error(`${operation.key} is deleted, and was never given`);
      view.delete(operation.key);
    } else throw new Error(`no operation: ${text}`);
  }
  const last = lastMutationIDChanges[client] ?? confirmed;
  if (last < confirmed) throw new Error(`mutation ${confirmed} was confirmed, and now it is ${last}`);
  return { cookie, view, confirmed: last };
}
