import type { Subscription } from "../load/subscription.ts";

/** A server that delivers each published event to many subscribers. */
export interface Target extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly subscription: Subscription;
  /** The number of groups of its subscribers: see `Groups`. */
  readonly groups: number;
  /** The URL that events are posted to, as JSON. */
  readonly publishUrl: string;
  /** The request body of the event with this number. */
  readonly body: (event: number, title: string) => unknown;
}

/** The event for servers without records: as many bytes as the others send for the same title. */
export const recordEvent = (_event: number, title: string): unknown => ({
  record: {
    collectionId: "pbc_3395098727",
    collectionName: "notes",
    count: 1,
    created: "2026-01-01 00:00:00.000Z",
    id: "000000000000000",
    title,
    updated: "2026-01-01 00:00:00.000Z",
  },
  action: "create",
});
