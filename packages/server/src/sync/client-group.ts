import { z } from "zod";
import { forbidden } from "../lib/api-error.ts";
import type { Row } from "../store/sql.ts";
import type { Reader, Transaction } from "../store/store.ts";

/** A pass over a collection, in the order of ids, because the visibility of any of its records may have changed. */
export interface Scan {
  /** The id of the last record that was compared; "" for none. */
  readonly after: string;
  /** Records that the view has from an earlier version are put again, even if they are unchanged. */
  readonly since: number;
}

/** By collection name. */
export type Scans = Readonly<Record<string, Scan>>;

/** The state of a group's view. */
export interface ViewState {
  /** Versions count within a generation; "" for a view that is not started yet or was forgotten. */
  readonly generation: string;
  /** The generation of the view that this one was copied from; "" for none. */
  readonly parentGeneration: string;
  /** The version of that view when it was copied. */
  readonly copiedVersion: number;
  /** The epoch of the log that `seq` counts in. */
  readonly epoch: string;
  /** The view includes all changes of the log up to this seq. */
  readonly seq: number;
  /** Counts the changes of the view. */
  readonly version: number;
  /** Records that left the view up to this version are no longer known. */
  readonly floor: number;
  /** See `nextCookie`. */
  readonly orderOffset: number;
  readonly scans: Scans;
  /** The fingerprints of the collections, as text. */
  readonly fingerprints: string;
}

/** The tabs and restarts of one browser profile, which share a view. */
export interface ClientGroup {
  readonly id: number;
  readonly key: string;
  /** The key of the principal that it belongs to. */
  readonly owner: string;
  /** How many pushes have changed the last mutation of a client. */
  readonly pushes: number;
  /** When it last made a request, in milliseconds since 1970; updated once a day. */
  readonly seen: number;
  readonly view: ViewState;
}

export const NO_VIEW: ViewState = {
  generation: "",
  parentGeneration: "",
  copiedVersion: 0,
  epoch: "",
  seq: 0,
  version: 0,
  floor: 0,
  orderOffset: 0,
  scans: {},
  fingerprints: "{}",
};

const DAY_MS = 86_400_000;

const FIND = "SELECT * FROM _sync_groups WHERE key = ?";
const FIND_WITH_HEAD =
  "SELECT *, (SELECT seq FROM sqlite_sequence WHERE name = '_changes') AS head FROM _sync_groups WHERE key = ?";

export async function findGroup(reader: Reader, key: string): Promise<ClientGroup | undefined> {
  const row = await reader.first({ text: FIND, values: [key] });
  return row && groupFrom(row);
}

/** The group and the newest seq of the log, read in one statement. */
export async function findGroupWithHead(
  reader: Reader,
  key: string,
): Promise<{ readonly group: ClientGroup; readonly head: number } | undefined> {
  const row = await reader.first({ text: FIND_WITH_HEAD, values: [key] });
  return row && { group: groupFrom(row), head: Number(row["head"] ?? 0) };
}

export interface GroupClaim {
  readonly key: string;
  /** The key of the principal that makes the request. */
  readonly owner: string;
  readonly now: Date;
}

/** The group of that key; creates it if there is none. @throws ApiError 403 if it belongs to another user */
export async function claimGroup(tx: Transaction, { key, owner, now }: GroupClaim): Promise<ClientGroup> {
  const known = await findGroup(tx, key);
  if (known) return assertOwned(known, owner);
  await tx.run({
    text: "INSERT INTO _sync_groups (key, owner, seen) VALUES (?, ?, ?)",
    values: [key, owner, now.getTime()],
  });
  return (await findGroup(tx, key))!;
}

/** @throws ApiError 403 if the group belongs to another user */
export function assertOwned(group: ClientGroup, owner: string): ClientGroup {
  if (group.owner !== owner) throw forbidden("The client group belongs to another user.");
  return group;
}

/** Whether `seen` must be updated. */
export const isOverdue = ({ seen }: ClientGroup, now: Date): boolean => now.getTime() - seen > DAY_MS;

export async function touchGroup(tx: Transaction, { id }: ClientGroup, now: Date): Promise<void> {
  await tx.run({ text: "UPDATE _sync_groups SET seen = ? WHERE id = ?", values: [now.getTime(), id] });
}

/** Saves everything except the floor, which only the expiration moves. */
export async function saveView(tx: Transaction, id: number, view: ViewState): Promise<void> {
  const { generation, parentGeneration, copiedVersion, epoch, seq, version, orderOffset, scans, fingerprints } = view;
  const origin = [generation, parentGeneration, copiedVersion];
  const values = [...origin, epoch, seq, version, orderOffset, JSON.stringify(scans), fingerprints, id];
  await tx.run({ text: SAVE, values });
}

const SAVE = `UPDATE _sync_groups SET life = ?, parent = ?, forked = ?, epoch = ?, seq = ?, version = ?, shift = ?,
  scans = ?, prints = ? WHERE id = ?`;

export async function saveFloor(tx: Transaction, id: number, floor: number): Promise<void> {
  await tx.run({ text: "UPDATE _sync_groups SET floor = ? WHERE id = ?", values: [floor, id] });
}

const SCANS = z.record(z.string(), z.object({ after: z.string(), since: z.number() }));
const NO_SCANS: Scans = {};

const groupFrom = (row: Row): ClientGroup => ({
  id: Number(row["id"]),
  key: String(row["key"]),
  owner: String(row["owner"]),
  pushes: Number(row["pushes"]),
  seen: Number(row["seen"]),
  view: {
    generation: String(row["life"]),
    parentGeneration: String(row["parent"]),
    copiedVersion: Number(row["forked"]),
    epoch: String(row["epoch"]),
    seq: Number(row["seq"]),
    version: Number(row["version"]),
    floor: Number(row["floor"]),
    orderOffset: Number(row["shift"]),
    scans: row["scans"] === "{}" ? NO_SCANS : SCANS.parse(JSON.parse(String(row["scans"]))),
    fingerprints: String(row["prints"]),
  },
});
