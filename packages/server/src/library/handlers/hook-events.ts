import type { Action } from "@headwater/protocol";
import type { Asked, Committed, Written } from "../../records/model/hook-registry.ts";
import { showToApp } from "../../records/present/present.ts";
import { type Caller, callerOf } from "../records/caller.ts";
import type { AppContext } from "../context/app-context.ts";
import { OpenTransaction } from "../records/serial-transaction.ts";
import { recordsOf } from "../records/records-of.ts";
import type { CreateInput, RecordOf, Subject, UpdateInput } from "../collections/record-types.ts";
import type { RecordsOf } from "../records/records.ts";
import { type Tx, txOf } from "../transactions/tx.ts";

interface EventBase<A extends Action> {
  readonly action: A;
  /** The collection's name. */
  readonly collection: string;
}

interface BeforeBase<A extends Action> extends EventBase<A> {
  readonly caller: Caller;
  /** Records, in the transaction that the write is part of if there is one already. */
  readonly records: RecordsOf;
}

interface BeforeCreate<S extends Subject> extends BeforeBase<"create"> {
  /** What was submitted. A hook may change it; what comes of it is judged after all hooks. */
  readonly values: Partial<CreateInput<S>>;
}
interface BeforeUpdate<S extends Subject> extends BeforeBase<"update"> {
  /** As it is stored. */
  readonly record: RecordOf<S>;
  readonly values: UpdateInput<S>;
}
interface BeforeDelete<S extends Subject> extends BeforeBase<"delete"> {
  readonly record: RecordOf<S>;
}

interface WithinBase<A extends Action, S extends Subject> extends EventBase<A> {
  readonly caller: Caller;
  /** As it is now; of a delete, as it was. */
  readonly record: RecordOf<S>;
  /** The only thing that the hook may await. */
  readonly tx: Tx;
}
interface WithinUpdate<S extends Subject> extends WithinBase<"update", S> {
  readonly previous: RecordOf<S>;
}

interface AfterBase<A extends Action, S extends Subject> extends EventBase<A> {
  readonly record: RecordOf<S>;
  /** When it was written. */
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

/** What of an event does not depend on its action, untyped: the action decides which of it the types show. */
export const beforeEvent = (
  ground: AppContext,
  { action, collection, principal, record, values, tx }: Asked,
): object => ({
  action,
  collection: collection.name,
  caller: callerOf(principal),
  records: recordsOf(ground, tx && new OpenTransaction(tx)),
  values,
  record: record && showToApp(collection, record),
});

export function withinEvent(ground: AppContext, { action, collection, principal, before, after, tx }: Written): object {
  const open = new OpenTransaction(tx);
  return {
    action,
    collection: collection.name,
    caller: callerOf(principal),
    record: showToApp(collection, (after ?? before)!),
    previous: before && showToApp(collection, before),
    tx: txOf(ground, open),
  };
}

export const afterEvent = ({ change, collection }: Committed): object => ({
  action: change.action,
  collection: collection.name,
  record: showToApp(collection, change.after ?? change.before),
  previous: change.before && showToApp(collection, change.before),
  time: new Date(change.time),
});
