import { isChannelName, type PresenceMember } from "@headwater/protocol";
import type { Rule } from "../../collections/model/collection.ts";
import { appendBroadcast, type Broadcast, unloggedBroadcast } from "../../visibility/broadcast.ts";
import type { Session } from "../../hub/session.ts";
import { isInTransaction } from "../../records/hooks/hook-scope.ts";
import type { Principal } from "../../rules/principal.ts";
import type { Extension } from "../context/registrations.ts";
import type { AppContext } from "../context/app-context.ts";
import type { OpenTransaction } from "../records/serial-transaction.ts";

/** Tells what is no change of a record. Data that JSON can't hold is logged and not sent. */
export interface Broadcasts<Options extends readonly unknown[]> {
  /**
   * Tells those who listen to the channel: `chat.*` on a WebSocket, `chat` or `chat/*` on a stream.
   *
   * @param channel letters, digits, `_`, `-` and `:`; a collection's name is a channel too
   * @throws Error for any other name
   */
  broadcast(channel: string, data: unknown, ...options: Options): Promise<void>;
  /** Tells everyone who is connected. */
  broadcastAll(data: unknown, ...options: Options): Promise<void>;
}

export interface BroadcastOptions {
  /** Not kept: only those hear of it who are here now and keep up. Cursors for what soon means nothing, as where a mouse is. */
  readonly volatile?: boolean;
}

export interface ChannelOptions {
  /** Who may listen, in the rule language, where `id` is the channel's name; "" for everyone, `null` for superusers. */
  readonly subscribe: Rule;
}

/** A client that is connected now. */
export interface ConnectionInfo {
  readonly id: string;
  readonly transport: string;
  readonly address: string;
  /** The account that it is signed in to. */
  readonly auth: { readonly collectionName: string; readonly id: string } | null;
  /** As the client wrote them. */
  readonly subscriptions: readonly string[];
  readonly connectedAt: Date;
  readonly queuedBytes: number;
}

/** Whom the application reaches beside its records. What is told goes through the log: in order, and for those who come back. */
export interface AppRealtime extends Broadcasts<[options?: BroadcastOptions]> {
  /**
   * Declares a channel and who may listen to it, or with a star at its end all channels that begin so.
   *
   * @throws UserError for a name or a rule that is none
   */
  channel(name: string, options: ChannelOptions): void;
  /**
   * Who is present in a channel, or at a record.
   *
   * @param room `chat` or `posts/ID`
   */
  getPresence(room: string): readonly PresenceMember[];
  /** All who are connected, the longest first. */
  getConnections(): readonly ConnectionInfo[];
}

/** @param extension what is declared goes there */
export function realtimeOf(ground: AppContext, extension: Extension): AppRealtime {
  const { core } = ground;
  const tell = async (broadcast: Broadcast | undefined, { volatile = false }: BroadcastOptions = {}): Promise<void> => {
    if (!broadcast) return;
    if (volatile) return core.hub.tellUnlogged(unloggedBroadcast(broadcast, Date.now()));
    if (isInTransaction()) throw new Error("In a transaction, broadcast by its own `tx.realtime`.");
    await core.folder.store.write((tx) => appendBroadcast(tx, broadcast));
  };
  return {
    broadcast: async (channel, data, options) => tell(read(ground, named(channel), data), options),
    broadcastAll: async (data, options) => tell(read(ground, "", data), options),
    channel: (name, { subscribe }) => extension.channels.declare(name, subscribe, core.folder.registry.current),
    getPresence: (room) => core.presence.membersOf(room),
    getConnections: () => [...core.hub.sessions()].map(describe),
  };
}

/** What is told when the transaction is committed, and not at all if it is not. */
export const broadcastsIn = (ground: AppContext, open: OpenTransaction): Broadcasts<[]> => {
  const tell = async (broadcast: Broadcast | undefined): Promise<void> => {
    if (broadcast) await open.write((tx) => appendBroadcast(tx, broadcast));
  };
  return {
    broadcast: async (channel, data) => tell(read(ground, named(channel), data)),
    broadcastAll: async (data) => tell(read(ground, "", data)),
  };
};

function named(channel: string): string {
  if (isChannelName(channel)) return channel;
  throw new Error(`"${channel}" can't be the name of a channel: letters, digits, "_", "-" and ":" make one.`);
}

/** @returns `undefined` for what JSON can't hold, after it was logged */
function read({ logger }: AppContext, channel: string, value: unknown): Broadcast | undefined {
  try {
    const data = JSON.stringify(value) as string | undefined;
    if (data !== undefined) return { channel, data };
    throw new TypeError(`JSON has no ${typeof value}.`);
  } catch (error) {
    logger.error({ err: error, channel }, "a broadcast can't be sent: JSON can't hold its data");
    return undefined;
  }
}

const describe = ({
  id,
  codec,
  address,
  principal,
  subscriptions,
  openedAt,
  standing,
}: Session<Principal>): ConnectionInfo => ({
  id,
  transport: codec.id,
  address,
  auth: principal.kind === "guest" ? null : { collectionName: principal.collection.name, id: principal.values.id },
  subscriptions: subscriptions.map(({ name }) => name),
  connectedAt: new Date(openedAt),
  queuedBytes: standing.queuedBytes,
});
