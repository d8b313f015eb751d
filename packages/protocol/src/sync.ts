/** A change of the client's key-value view, as Replicache reads it. */
export type PatchOperation =
  | { readonly op: "clear" }
  | { readonly op: "put"; readonly key: string; readonly value: unknown }
  | { readonly op: "del"; readonly key: string };

/** What Replicache's client keeps of a pull and sends with the next one. It compares cookies by `order` alone. */
export interface SyncCookie {
  readonly order: number;
  /** The client group that it was given to: a group that begins from another one's state brings that one's cookie. */
  readonly group: string;
  /** Which life of the group's view; another one knows nothing of this one's versions. */
  readonly life: string;
  /** The version of the view that the client has. */
  readonly version: number;
  /** The pushes of the group whose outcome the client has seen. */
  readonly pushes: number;
}

export interface PullResponse {
  readonly cookie: SyncCookie;
  /** The last mutation that is done, by client, where that is news. */
  readonly lastMutationIDChanges: Readonly<Record<string, number>>;
  readonly patch: readonly PatchOperation[];
  /** There is more: pull again at once. */
  readonly partial?: true;
}

/** Errors of the protocol, which travel with status 200. */
export type SyncError =
  | { readonly error: "ClientStateNotFound" }
  | { readonly error: "VersionNotSupported"; readonly versionType: "push" | "pull" };

/** A mutation that was refused for good. It counts as done. */
export interface RejectedMutation {
  readonly clientID: string;
  readonly id: number;
  readonly name: string;
  readonly error: { readonly status: number; readonly message: string; readonly data: unknown };
}

/** The body of a push that was done. */
export interface PushResponse {
  readonly rejected?: readonly RejectedMutation[];
}

/** The key of a record in the client's view. */
export const syncKey = (collection: string, record: string): string => `${collection}/${record}`;
