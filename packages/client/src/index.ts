export type { AuthChange, Credentials } from "./auth/auth.ts";
export { localStorageStore, memoryStore, type StoredAuth, type TokenStore } from "./auth/token-store.ts";
export { Client, createClient } from "./client.ts";
export type { ClientOptions, TransportKind } from "./client-options.ts";
export type { ConnectionState } from "./connection/connection-state.ts";
export { type ErrorCode, HeadwaterError, isHeadwaterError } from "./errors.ts";
export type { LiveChange, LiveList, LiveOptions } from "./live/live-list.ts";
export type { OverflowPolicy } from "./realtime/bounded-queue.ts";
export type { RecordChange, RecordLeft, RecordModel, Resync, SubscriptionEvent } from "./realtime/events.ts";
export type { Message } from "./realtime/messages.ts";
export type { MonitorEvent, RealtimeStats } from "./realtime/monitor.ts";
export { Presence, presence, type PresenceOptions } from "./realtime/presence.ts";
export type { Realtime } from "./realtime/realtime.ts";
export type { SubscribeOptions } from "./realtime/realtime-options.ts";
export { routed, type Routes } from "./realtime/routes.ts";
export type { Subscription } from "./realtime/subscription.ts";
export type { Batch, BatchCollection, BatchResult } from "./records/batch.ts";
export type { Collection } from "./records/collection.ts";
export { type FieldName, filter, type FilterValue } from "./records/filter.ts";
export {
  type AggregateOptions,
  type AggregateRow,
  type HistoryEntry,
  type HistoryOptions,
  type ListOptions,
  type Page,
  snippetsOf,
  versionOf,
  type ViewOptions,
  type WriteOptions,
} from "./records/list.ts";
export type { PresenceEvent, PresenceMember } from "@headwater/protocol";
export type { AnyCollection, AnySchema, CollectionTypes, ExpandPath, FieldPath, SchemaOf } from "./schema.ts";
export type { Link, LinkListener, Transport } from "./transport/transport.ts";
export { type OfficialSdk, realtimeOf, withRealtime } from "./sdk/with-realtime.ts";
