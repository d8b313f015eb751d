import { isChannelName } from "@headwater/protocol";
import type { Rule } from "../../collections/model/rule.ts";
import { isInTransaction } from "../../records/model/hook-scope.ts";
import type { Subject } from "../collections/record-types.ts";
import { type AppContext, requireCollection } from "../context/app-context.ts";
import type { Registrations } from "../context/registrations.ts";
import type { AccountRef } from "../records/caller.ts";
import type { SerialTransaction } from "../records/serial-transaction.ts";

/** A room, by its name, or a user: its record, or `users/ID`. */
export type PokeTarget = string | AccountRef;

export interface RoomOptions {
  /** Who may be in the room and poke it: a rule in which `id` is the room's name, "" for all users, `null` for superusers. */
  readonly join: Rule;
}

export interface UserPokeOptions {
  /** Who may poke an account of the collection: a rule about the account, such as `team = @request.auth.team`. */
  readonly poke: Rule;
}

/** Pokes: signals to clients that sync offline that there is something to pull. */
export interface AppSync {
  /**
   * Pokes the clients of a user, or those in a room.
   *
   * @returns how many connections were poked
   * @throws Error if there is no such collection, or no such room is declared
   */
  poke(target: PokeTarget): Promise<number>;
  /**
   * Declares a room or, with a trailing star, all rooms with that prefix. Nobody but superusers can be in a room that is
   * not declared.
   *
   * @throws UserError if the name or the rule is invalid
   */
  room(name: string, options: RoomOptions): void;
  /**
   * Lets clients poke other users of a collection. Without it, only superusers may.
   *
   * @throws UserError if the rule is invalid
   */
  user(collection: Subject, options: UserPokeOptions): void;
}

export interface TransactionSync {
  /** Pokes once the transaction has committed, or not at all. */
  poke(target: PokeTarget): Promise<void>;
}

/** @param registrations receives what is declared */
export function createSync(appContext: AppContext, registrations: Registrations): AppSync {
  const { folder } = appContext.core;
  return {
    async poke(target) {
      if (isInTransaction()) throw new Error("In a transaction, poke by its `tx.sync`.");
      return pokerOf(appContext, target)();
    },
    room: (name, { join }) => registrations.rooms.declare(name, join, folder.registry.current),
    user(collection, { poke }) {
      registrations.pokeRules.declare(requireCollection(appContext, collection), poke, folder.registry.current);
    },
  };
}

export const transactionSync = (appContext: AppContext, transaction: SerialTransaction): TransactionSync => ({
  async poke(target) {
    const poke = pokerOf(appContext, target);
    const { background } = appContext.core;
    await transaction.write(async (tx) => tx.afterCommit(() => background(async () => void (await poke()))));
  },
});

/** @throws Error if the target can't be poked, in the turn in which the application names it */
function pokerOf(appContext: AppContext, target: PokeTarget): () => Promise<number> {
  const { pokes, rooms } = appContext.core;
  if (typeof target !== "string" || target.includes("/")) {
    const { collectionName, id } = typeof target === "string" ? accountIn(target) : target;
    const key = `${requireCollection(appContext, collectionName).id}/${id}`;
    return async () => pokes.poke(key);
  }
  if (isChannelName(target) && rooms.declaredRuleOf(target) !== undefined) return () => pokes.pokeRoom(target);
  throw new Error(`There is no room "${target}". Declare it by \`app.sync.room\`, or name a user as "users/ID".`);
}

/** The account that `users/ID` names. */
function accountIn(text: string): AccountRef {
  const slash = text.indexOf("/");
  return { collectionName: text.slice(0, slash), id: text.slice(slash + 1) };
}
