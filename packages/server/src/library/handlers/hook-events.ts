import type { Action } from "@headwater/protocol";
import type { BeforeHookEvent, AfterHookEvent, WithinHookEvent } from "../../records/model/hook-registry.ts";
import { presentToApp } from "../../records/present/present.ts";
import { type Caller, callerOf } from "../records/caller.ts";
import type { AppContext } from "../context/app-context.ts";
import { SerialTransaction } from "../records/serial-transaction.ts";
import { createRecordsOf } from "../records/records-of.ts";
import type { CreateInput, RecordOf, Subject, UpdateInput } from "../collections/record-types.ts";
import type { RecordsOf } from "../records/records.ts";
import { type Tx, createTx } from "../transactions/tx.ts";

interface EventBase<A extends Action> {
  readonly action: A;
  /** The collection's name. */
  readonly collection: string;
}

interface BeforeBase<A extends Action> extends EventBase<A> {
  readonly caller: Caller;
  /** Records, in the transaction of the write if it is part of one. */
  readonly records: RecordsOf;
}

interface BeforeCreate<S extends Subject> extends BeforeBase<"create"> {
  /** The submitted values. A hook may change them. Rules and validation see the result of all hooks. */
  readonly values: Partial<CreateInput<S>>;
}
interface BeforeUpdate<S extends Subject> extends BeforeBase<"update"> {
  /** The stored record. */
  readonly record: RecordOf<S>;
  readonly values: UpdateInput<S>;
}
interface BeforeDelete<S extends Subject> extends BeforeBase<"delete"> {
  readonly record: RecordOf<S>;
}

interface WithinBase<A extends Action, S extends Subject> extends EventBase<A> {
  readonly caller: Caller;
  /** The record after the write; for a delete, as it was. */
  readonly record: RecordOf<S>;
  /** The hook may await nothing else. */
  readonly tx: Tx;
}
interface WithinUpdate<S extends Subject> extends WithinBase<"update", S> {
  readonly previous: RecordOf<S>;
}

interface AfterBase<A extends Action, S extends Subject> extends EventBase<A> {
  readonly record: RecordOf<S>;
  /** When the change was written. */
  readonly time: Date;
}
interface AfterUpdate<S extends Subject> extends AfterBase<"update", S> {
  readonly previous: RecordOf<S>;
}

export interface BeforeEvents<S extends Subject> {
  readonly create: BeforeCreate<S>;
  readonly update: BeforeUpdate<S>;
  readonly delete: BeforeDelete<S>;
}
export interface WithinEvents<S extends Subject> {
  readonly create: WithinBase<"create", S>;
  readonly update: WithinUpdate<S>;
  readonly delete: WithinBase<"delete", S>;
}
export interface AfterEvents<S extends Subject> {
  readonly create: AfterBase<"create", S>;
  readonly update: AfterUpdate<S>;
  readonly delete: AfterBase<"delete", S>;
}

/** The events are untyped here; the type of each action shows the fields that it has. */
export const toBeforeEvent = (
  appContext: AppContext,
  { action, collection, principal, record, values, tx }: BeforeHookEvent,
): object => ({
  action,
  collection: collection.name,
  caller: callerOf(principal),
  records: createRecordsOf(appContext, tx && new SerialTransaction(tx)),
  values,
  record: record && presentToApp(collection, record),
});

export function toWithinEvent(
  appContext: AppContext,
  { action, collection, principal, before, after, tx }: WithinHookEvent,
): object {
  return {
    action,
    collection: collection.name,
    caller: callerOf(principal),
    record: presentToApp(collection, (after ?? before)!),
    previous: before && presentToApp(collection, before),
    tx: createTx(appContext, new SerialTransaction(tx)),
  };
}

export const toAfterEvent = ({ change, collection }: AfterHookEvent): object => ({
  action: change.action,
  collection: collection.name,
  record: presentToApp(collection, change.after ?? change.before),
  previous: change.before && presentToApp(collection, change.before),
  time: new Date(change.time),
});
