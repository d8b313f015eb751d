import { isChannelName, type PresenceMember } from "@headwater/protocol";
import type { Rule } from "../../collections/model/rule.ts";
import { appendBroadcast, type Broadcast, unloggedBroadcast } from "../../visibility/channels/broadcast.ts";
import type { Session } from "../../hub/session.ts";
import { toJsonValue } from "../../lib/json/to-json-value.ts";
import { isInTransaction } from "../../records/model/hook-scope.ts";
import type { Principal } from "../../rules/principal.ts";
import type { Registrations } from "../context/registrations.ts";
import type { AppContext } from "../context/app-context.ts";
import type { SerialTransaction } from "../records/serial-transaction.ts";

/** Sends events that are not record changes. Data that JSON can't hold is logged and not sent. */
export interface Broadcasts<Options extends readonly unknown[]> {
  /**
   * Sends data to the channel's subscribers: of `chat.*` on a WebSocket, of `chat` or `chat/*` on an event stream.
   *
   * @param channel letters, digits, `_`, `-` and `:`; a collection's name is a channel too
   * @throws Error if the name has other characters
   */
  broadcast(channel: string, data: unknown, ...options: Options): Promise<void>;
  /** Sends data to every connected client. */
  broadcastAll(data: unknown, ...options: Options): Promise<void>;
}

export interface BroadcastOptions {
  /** Skips the log: only clients that are connected and keep up get it. For data that is soon outdated, such as mouse positions. */
  readonly volatile?: boolean;
}

export interface ChannelOptions {
  /** Who may subscribe: a rule in which `id` is the channel's name, "" for everyone, `null` for superusers. */
  readonly subscribe: Rule;
}

/** A connected client. */
export interface ConnectionInfo {
  readonly id: string;
  readonly transport: string;
  readonly address: string;
  /** The client's account; `null` for a guest. */
  readonly auth: { readonly collectionName: string; readonly id: string } | null;
  /** As the client wrote them. */
  readonly subscriptions: readonly string[];
  readonly connectedAt: Date;
  readonly queuedBytes: number;
}

/**
 * Broadcasts, channels, and who is connected. Broadcasts go through the log: they arrive in order, and clients that
 * reconnect get those they missed.
 */
export interface AppRealtime extends Broadcasts<[options?: BroadcastOptions]> {
  /**
   * Declares who may subscribe to a channel, or with a trailing star, to all channels with that prefix.
   *
   * @throws UserError if the name or the rule is invalid
   */
  channel(name: string, options: ChannelOptions): void;
  /**
   * Who is present in a channel, or at a record.
   *
   * @param room `chat` or `posts/ID`
   */
  getPresence(room: string): readonly PresenceMember[];
  /** All connected clients, the longest connected first. */
  getConnections(): readonly ConnectionInfo[];
}

/** @param extension what is declared goes there */
export function createRealtime(appContext: AppContext, registrations: Registrations): AppRealtime {
  const { core } = appContext;
  const send = async (broadcast: Broadcast | undefined, { volatile = false }: BroadcastOptions = {}): Promise<void> => {
    if (!broadcast) return;
    if (volatile) return void (await core.hub.fanOutUnlogged(unloggedBroadcast(broadcast, Date.now())));
    if (isInTransaction()) throw new Error("In a transaction, broadcast by its `tx.realtime`.");
    await core.folder.store.write((tx) => appendBroadcast(tx, broadcast));
  };
  return {
    broadcast: async (channel, data, options) =>
      send(encodeBroadcast(appContext, assertChannelName(channel), data), options),
    broadcastAll: async (data, options) => send(encodeBroadcast(appContext, "", data), options),
    channel: (name, { subscribe }) => registrations.channels.declare(name, subscribe, core.folder.registry.current),
    getPresence: (room) => core.presence.membersOf(room),
    getConnections: () => [...core.hub.sessions()].map(toConnectionInfo),
  };
}

/** Broadcasts that are sent when the transaction commits. */
export const transactionBroadcasts = (appContext: AppContext, transaction: SerialTransaction): Broadcasts<[]> => {
  const send = async (broadcast: Broadcast | undefined): Promise<void> => {
    if (broadcast) await transaction.write((tx) => appendBroadcast(tx, broadcast));
  };
  return {
    broadcast: async (channel, data) => send(encodeBroadcast(appContext, assertChannelName(channel), data)),
    broadcastAll: async (data) => send(encodeBroadcast(appContext, "", data)),
  };
};

function assertChannelName(channel: string): string {
  if (isChannelName(channel)) return channel;
  throw new Error(`"${channel}" can't be the name of a channel. Use letters, digits, "_", "-" and ":".`);
}

/** @returns `undefined` if JSON can't represent the value, after logging that */
function encodeBroadcast({ logger }: AppContext, channel: string, value: unknown): Broadcast | undefined {
  try {
    return { channel, data: JSON.stringify(toJsonValue(value)) };
  } catch (error) {
    logger.error({ err: error, channel }, "a broadcast was not sent: JSON can't represent its data");
    return undefined;
  }
}

const toConnectionInfo = ({
  id,
  codec,
  address,
  principal,
  subscriptions,
  openedAt,
  status,
}: Session<Principal>): ConnectionInfo => ({
  id,
  transport: codec.id,
  address,
  auth: principal.kind === "guest" ? null : { collectionName: principal.collection.name, id: principal.values.id },
  subscriptions: subscriptions.map(({ name }) => name),
  connectedAt: new Date(openedAt),
  queuedBytes: status.queuedBytes,
});
