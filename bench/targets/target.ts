import type { Subscription } from "../load/readers.ts";

/** Something that hands one published event on to many event streams. */
export interface Target extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly subscription: Subscription;
  /** In how many groups its subscribers are: see `Groups`. */
  readonly groups: number;
  /** Where events are posted to as JSON. */
  readonly publishUrl: string;
  /** What is posted for the event with this number. */
  readonly body: (event: number, title: string) => unknown;
}

/** The event as servers without records are given it: as many bytes as the others send for the same title. */
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
