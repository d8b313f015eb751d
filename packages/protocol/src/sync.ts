/** A change to the client's key-value view, in Replicache's format. */
export type PatchOperation =
  | { readonly op: "clear" }
  | { readonly op: "put"; readonly key: string; readonly value: unknown }
  | { readonly op: "del"; readonly key: string };

/**
 * Identifies the view that a client has. Replicache stores it and sends it with the next pull; it compares only
 * `order`.
 */
export interface SyncCookie {
  readonly order: number;
  /** The client group that got the cookie. A group that starts from another group's state sends that group's cookie. */
  readonly group: string;
  /** The generation of the group's view. Versions of different generations can't be compared. */
  readonly life: string;
  /** Version of the view. */
  readonly version: number;
  /** Number of the group's pushes whose results are in the view. */
  readonly pushes: number;
  /** A cursor: how much of the log the view includes. Missing in cookies of older servers. */
  readonly place?: string | undefined;
}

export interface PullResponse {
  readonly cookie: SyncCookie;
  /** The last processed mutation of each client for which it changed. */
  readonly lastMutationIDChanges: Readonly<Record<string, number>>;
  readonly patch: readonly PatchOperation[];
  /** More pages follow: the client should pull again at once. */
  readonly partial?: true;
}

/** Errors of the protocol, sent with status 200. */
export type SyncError =
  | { readonly error: "ClientStateNotFound" }
  | { readonly error: "VersionNotSupported"; readonly versionType: "push" | "pull" };

/** A mutation that was permanently rejected. It counts as processed. */
export interface RejectedMutation {
  readonly clientID: string;
  readonly id: number;
  readonly name: string;
  readonly error: { readonly status: number; readonly message: string; readonly data: unknown };
}

/** The body of a successful push. */
export interface PushResponse {
  readonly rejected?: readonly RejectedMutation[];
  /** Rooms in the push's URL that the user may not poke. */
  readonly refusedRooms?: readonly string[];
}

/** The key of a record in the client's view. */
export const syncKey = (collection: string, record: string): string => `${collection}/${record}`;
