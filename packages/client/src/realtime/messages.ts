import { isRecordData, type RecordChange, type RecordLeft } from "./events.ts";

/** What a server sends under a name of its own. */
export interface Message {
  readonly action: "message";
  readonly data: unknown;
  readonly cursor: string | undefined;
}

export const toMessage = (data: unknown, cursor: string | undefined): Message => ({ action: "message", data, cursor });

/** The type of the record is the caller's claim. */
export function toRecordEvent<T>(data: unknown, cursor: string | undefined): RecordChange<T> | RecordLeft | undefined {
  if (!isRecordData(data)) return undefined;
  const { action, record } = data;
  return action === "leave" ? { action, record, cursor } : { action, record: record as T, cursor };
}
