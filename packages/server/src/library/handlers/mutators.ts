import type { MutatorCall } from "../../sync/mutators.ts";
import { type Caller, callerOf } from "../records/caller.ts";
import type { AppContext } from "../context/app-context.ts";
import { OpenTransaction } from "../records/serial-transaction.ts";
import { type Tx, txOf } from "../transactions/tx.ts";
import type { RecordsOf } from "../records/records.ts";

/** A call that a client made while it was offline, or a moment ago. */
export interface Mutation {
  readonly name: string;
  /** What the client says, of any shape: read it before it is used. */
  readonly args: unknown;
  readonly caller: Caller;
  /** Records under the rules that hold for the caller. With `tx`, all that may be awaited. */
  readonly records: RecordsOf;
  /** The same transaction, held by no rule. */
  readonly tx: Tx;
}

export type NamedMutator = (mutation: Mutation) => void | Promise<void>;

export function mutationOf(ground: AppContext, { name, args, principal, tx }: MutatorCall): Mutation {
  const caller = callerOf(principal);
  const open = new OpenTransaction(tx);
  const inside = txOf(ground, open);
  return { name, args, caller, records: (collection) => inside.records(collection).as(caller), tx: inside };
}
