import { isRecordData, type RecordChange } from "./events.ts";

/** What a server sends under a name of its own. */
export interface Message {
  readonly action: "message";
  readonly data: unknown;
  readonly cursor: string | undefined;
}

export const toMessage = (data: unknown, cursor: string | undefined): Message => ({ action: "message", data, cursor });

/** The type of the record is the caller's claim. */
export function toRecordChange<T>(data: unknown, cursor: string | undefined): RecordChange<T> | undefined {
  return isRecordData(data) ? { action: data.action, record: data.record as T, cursor } : undefined;
}
