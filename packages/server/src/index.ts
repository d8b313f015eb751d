export { createApp, type App, type AppOptions } from "./library/create-app.ts";
export type { Extendable } from "./library/extendable.ts";
export type { AfterEvents, BeforeEvents, WithinEvents } from "./library/handlers/hook-events.ts";
export type { Tx } from "./library/transactions/tx.ts";
export type { HookFile } from "./library/hook-files/hook-files.ts";
export type { Mutation, NamedMutator } from "./library/handlers/mutators.ts";
export {
  defineCollection,
  type AnyCollection,
  type CollectionDefinition,
  type CollectionOptions,
} from "./library/collections/define-collection.ts";
export {
  autodate,
  bool,
  date,
  editor,
  email,
  file,
  geoPoint,
  json,
  number,
  password,
  relation,
  select,
  text,
  url,
} from "./library/collections/fields.ts";
export type { CreateInput, RecordOf, UntypedRecord, UpdateInput } from "./library/collections/record-types.ts";
export type {
  AggregateOptions,
  AggregateRow,
  HistoryActor,
  HistoryItem,
  HistoryOptions,
  DeleteOptions,
  ListOptions,
  Page,
  Records,
  RecordsOf,
  UpdateOptions,
  ViewOptions,
} from "./library/records/records.ts";
export { versionOf } from "./library/records/version-of.ts";
export type {
  AppRealtime,
  BroadcastOptions,
  Broadcasts,
  ChannelOptions,
  ConnectionInfo,
} from "./library/realtime/realtime.ts";
export type { AppSync, PokeTarget, RoomOptions, TransactionSync, UserPokeOptions } from "./library/sync/sync.ts";
export { Prepared } from "./library/records/prepared.ts";
export { filter, type Filter } from "./library/records/filter.ts";
export { guest, type AccountRef, type Caller } from "./library/records/caller.ts";
export type { DefinableTasks, StartableTasks, StartTaskOptions } from "./library/tasks/tasks.ts";
export type { Progress, TaskHandler, TaskOptions, TaskRun } from "./tasks/definition.ts";
export type { Task, TaskError, TaskState } from "./tasks/task.ts";
export type { RouteHandler, RouteRequest } from "./library/handlers/routes.ts";
export { invalid } from "./library/errors.ts";
export { ApiError, badRequest, forbidden, notFound, unauthorized } from "./lib/api-error.ts";
export { UserError } from "./lib/user-error.ts";
