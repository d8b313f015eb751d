declare const brand: unique symbol;

/** A string type that only the functions below create, so that two kinds of id can't be mixed up. */
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type CollectionId = Branded<"CollectionId">;
export type RecordId = Branded<"RecordId">;
/** The id of one open connection: 40 characters `A-Za-z0-9`, as in PocketBase. */
export type ClientId = Branded<"ClientId">;
/** Identifies one log. A restored or replaced database starts a new epoch. */
export type Epoch = Branded<"Epoch">;

export const collectionId = (text: string): CollectionId => text as CollectionId;
export const recordId = (text: string): RecordId => text as RecordId;
export const clientId = (text: string): ClientId => text as ClientId;
export const epoch = (text: string): Epoch => text as Epoch;
