import type { MutatorCall } from "../../sync/mutators.ts";
import { type Caller, callerOf } from "../records/caller.ts";
import type { AppContext } from "../context/app-context.ts";
import { SerialTransaction } from "../records/serial-transaction.ts";
import { type Tx, createTx } from "../transactions/tx.ts";
import type { RecordsOf } from "../records/records.ts";

/** A client's call of a mutator. A client that was offline may have made it long ago. */
export interface Mutation {
  readonly name: string;
  /** What the client sent. It can be anything, so parse it first. */
  readonly args: unknown;
  readonly caller: Caller;
  /** Records under the caller's rules. The mutator may await nothing but this and `tx`. */
  readonly records: RecordsOf;
  /** The same transaction, without rules. */
  readonly tx: Tx;
}

export type NamedMutator = (mutation: Mutation) => void | Promise<void>;

export function toMutation(appContext: AppContext, { name, args, principal, tx }: MutatorCall): Mutation {
  const caller = callerOf(principal);
  const unrestricted = createTx(appContext, new SerialTransaction(tx));
  return { name, args, caller, records: (collection) => unrestricted.records(collection).as(caller), tx: unrestricted };
}
