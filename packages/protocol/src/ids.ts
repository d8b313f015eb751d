declare const brand: unique symbol;

/** A string that only a parser or the owner of the id can make, so that two kinds of id are never mixed up. */
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type CollectionId = Branded<"CollectionId">;
export type RecordId = Branded<"RecordId">;
/** The id of one live connection: 40 characters `A-Za-z0-9`, as PocketBase makes them. */
export type ClientId = Branded<"ClientId">;
/** The life of a log. A restored or replaced database starts a new one. */
export type Epoch = Branded<"Epoch">;

export const collectionId = (text: string): CollectionId => text as CollectionId;
export const recordId = (text: string): RecordId => text as RecordId;
export const clientId = (text: string): ClientId => text as ClientId;
export const epoch = (text: string): Epoch => text as Epoch;
