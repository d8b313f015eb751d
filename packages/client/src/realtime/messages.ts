import { isRecordData, type RecordChange, type RecordLeft } from "./events.ts";

/** A message on a custom topic. */
export interface Message {
  readonly action: "message";
  readonly data: unknown;
  readonly cursor: string | undefined;
}

export const toMessage = (data: unknown, cursor: string | undefined): Message => ({ action: "message", data, cursor });

/** The record's type is not checked. @returns `undefined` if the data is not a record change */
export function toRecordEvent<T>(data: unknown, cursor: string | undefined): RecordChange<T> | RecordLeft | undefined {
  if (!isRecordData(data)) return undefined;
  const { action, record } = data;
  return action === "leave" ? { action, record, cursor } : { action, record: record as T, cursor };
}
