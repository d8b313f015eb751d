export { createApp, type App, type AppOptions } from "./library/create-app.ts";
export type { Extendable } from "./library/extendable.ts";
export type { AfterEvents, BeforeEvents, WithinEvents } from "./library/hook-events.ts";
export type { Tx } from "./library/tx.ts";
export type { HookFile } from "./library/hook-files.ts";
export type { Mutation, NamedMutator } from "./library/mutation.ts";
export {
  defineCollection,
  type AnyCollection,
  type CollectionDefinition,
  type CollectionOptions,
} from "./library/define-collection.ts";
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
} from "./library/fields.ts";
export type { CreateInput, RecordOf, UntypedRecord, UpdateInput } from "./library/record-types.ts";
export type { ListOptions, Page, Records, RecordsOf, ViewOptions } from "./library/records.ts";
export type { AppRealtime, BroadcastOptions, Broadcasts, ChannelOptions, ConnectionInfo } from "./library/realtime.ts";
export { Prepared } from "./library/prepared.ts";
export { filter, type Filter } from "./library/filter.ts";
export { guest, type AccountRef, type Caller } from "./library/caller.ts";
export type { DefinableTasks, StartableTasks, StartTaskOptions } from "./library/tasks.ts";
export type { Progress, TaskHandler, TaskOptions, TaskRun } from "./tasks/definition.ts";
export type { Task, TaskError, TaskState } from "./tasks/task.ts";
export type { RouteHandler, RouteRequest } from "./library/routes.ts";
export { invalid } from "./library/errors.ts";
export { ApiError, badRequest, forbidden, notFound, unauthorized } from "./lib/api-error.ts";
export { UserError } from "./lib/user-error.ts";
