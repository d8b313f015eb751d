export * from "./cursor.ts";
export * from "./error-body.ts";
export * from "./ids.ts";
export * from "./record-event.ts";
export * from "./record-values.ts";
export * from "./sse-parse.ts";
export * from "./sse.ts";
export * from "./topic.ts";
