import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/collection.ts";
import type { Rule } from "../collections/collection.ts";
import type { Reader, Transaction } from "../store/store.ts";
import type { Principal } from "../rules/principal.ts";
import type { RecordContext } from "./record-context.ts";
import type { Submission, Submitted } from "./submission.ts";

/** The shapes of the verbs; each moves into its verb's file as that lands. */

/** `list-records.ts`. `query` = raw URL parameters page, perPage, skipTotal, sort, filter. */
export interface RecordPage {
  readonly items: readonly RecordValues[];
  readonly page: number;
  readonly perPage: number;
  readonly totalItems: number;
  readonly totalPages: number;
}
export type ListRecords = (
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  query: Readonly<Record<string, string>>,
) => Promise<RecordPage>;
/** `view-record.ts` */
export type ViewRecord = (
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  id: string,
) => Promise<RecordValues>;
/** `prepare-submission.ts`: no transaction open. The door calls `submission.discard()` when the transaction fails. */
export type PrepareSubmission = (
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  id: string | undefined,
  submitted: Submitted,
) => Promise<Submission>;
/** `create-record.ts` */
export type CreateRecord = (
  tx: Transaction,
  context: RecordContext,
  collection: Collection,
  submission: Submission,
) => Promise<RecordValues>;
/** `update-record.ts` */
export type UpdateRecord = (
  tx: Transaction,
  context: RecordContext,
  collection: Collection,
  id: string,
  submission: Submission,
) => Promise<RecordValues>;
/** `delete-record.ts` */
export type DeleteRecord = (
  tx: Transaction,
  context: RecordContext,
  collection: Collection,
  id: string,
) => Promise<void>;
/** `present.ts`: what the API shows, keys sorted; `expand` is the raw parameter, "" for none. */
export type PresentRecords = (
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  records: readonly RecordValues[],
  expand: string,
) => Promise<Record<string, unknown>[]>;
/** `present.ts`: equal keys = equal JSON of equal values of that record; `undefined` when it can't be told cheaply. */
export type ViewKey = (principal: Principal, collection: Collection, expand: string) => string;
/** `visibility.ts`: would the record pass the rule, judged by these values and not by what is stored? */
export type CanSee = (
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: Rule,
  image: RecordValues,
) => Promise<boolean>;
