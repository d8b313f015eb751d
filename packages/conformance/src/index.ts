export { type ClientDriver, type ClientEvent, eventSourceDriver } from "./clients/driver.ts";
export { clientProfile } from "./clients/profile.ts";
export {
  type Case,
  type CaseResult,
  type Outcome,
  type Profile,
  type Report,
  type Standard,
  tally,
} from "./core/case.ts";
export { check, Failure, NotOffered, notOffered } from "./core/checks.ts";
export { Timeout } from "./core/deadline.ts";
export { EventLog, type LogEntry } from "./core/event-log.ts";
export { runProfile, type RunOptions } from "./core/run-profile.ts";
export type { Scope } from "./core/scope.ts";
export { type ServerFixture, type ServerFixtureOptions, startServer } from "./serve/start-server.ts";
export { pocketbaseProfile } from "./profiles/pocketbase/profile.ts";
export { replicacheStreamProfile } from "./profiles/replicache-stream/profile.ts";
export { jsonSseProfile, sseProfile } from "./profiles/sse/profile.ts";
export type { SseTarget } from "./profiles/sse/target.ts";
export { tasksProfile } from "./profiles/tasks/profile.ts";
export type { TasksTarget } from "./profiles/tasks/target.ts";
export { versionProfile } from "./profiles/version/profile.ts";
export { toJson } from "./report/json.ts";
export { toJunit } from "./report/junit.ts";
export { type JsonEvent, SseClient, type SseClientOptions } from "./stream/sse-client.ts";
export { SseStream, type StreamOptions } from "./stream/sse-stream.ts";
