import { z } from "zod";
import { forbidden } from "../lib/api-error.ts";
import type { Row } from "../store/sql.ts";
import type { Reader, Transaction } from "../store/store.ts";

/** A collection that is being gone through, since any of its records may have come into sight or left it. */
export interface Scan {
  /** The id of the last record that was looked at; "" for none. */
  readonly after: string;
  /** Records that the group has from an earlier version are put again, even where they are the same. */
  readonly since: number;
}

/** By the collection's name. */
export type Scans = Readonly<Record<string, Scan>>;

/** How far the view of a group is. */
export interface ViewState {
  /** Versions count within a life; "" for a view that was never begun, or was forgotten. */
  readonly life: string;
  /** The life of the view that it began from, and its version then; "" for one that began from nothing. */
  readonly parent: string;
  readonly forked: number;
  readonly epoch: string;
  /** The place in the log up to which the view knows. */
  readonly seq: number;
  /** Of the last change of the view. */
  readonly version: number;
  /** What left the view before this version is not remembered. */
  readonly floor: number;
  /** What cookies' orders are above versions and pushes. */
  readonly shift: number;
  readonly scans: Scans;
  /** What the collections were that the view is of, as text. */
  readonly prints: string;
}

/** The tabs and restarts of one browser profile, which share a view. */
export interface ClientGroup {
  readonly id: number;
  readonly key: string;
  /** The key of the principal that it belongs to. */
  readonly owner: string;
  /** Pushes that changed what is done, so far. */
  readonly pushes: number;
  /** When it was last heard of, in milliseconds since 1970; updated once a day. */
  readonly seen: number;
  readonly view: ViewState;
}

export const NO_VIEW: ViewState = {
  life: "",
  parent: "",
  forked: 0,
  epoch: "",
  seq: 0,
  version: 0,
  floor: 0,
  shift: 0,
  scans: {},
  prints: "{}",
};

const DAY_MS = 86_400_000;

const FIND = "SELECT * FROM _sync_groups WHERE key = ?";
const FIND_WITH_HEAD =
  "SELECT *, (SELECT seq FROM sqlite_sequence WHERE name = '_changes') AS head FROM _sync_groups WHERE key = ?";

export async function findGroup(reader: Reader, key: string): Promise<ClientGroup | undefined> {
  const row = await reader.first({ text: FIND, values: [key] });
  return row && groupFrom(row);
}

/** The group, and the newest change of the log at the same moment: one statement. */
export async function findGroupWithHead(
  reader: Reader,
  key: string,
): Promise<{ readonly group: ClientGroup; readonly head: number } | undefined> {
  const row = await reader.first({ text: FIND_WITH_HEAD, values: [key] });
  return row && { group: groupFrom(row), head: Number(row["head"] ?? 0) };
}

/** The group, made for this owner if there is none. @throws ApiError 403 for one that belongs to another */
export async function claimGroup(tx: Transaction, key: string, owner: string, now: Date): Promise<ClientGroup> {
  const known = await findGroup(tx, key);
  if (known) return assertOwned(known, owner);
  await tx.run({
    text: "INSERT INTO _sync_groups (key, owner, seen) VALUES (?, ?, ?)",
    values: [key, owner, now.getTime()],
  });
  return (await findGroup(tx, key))!;
}

/** @throws ApiError 403 for a group that belongs to another */
export function assertOwned(group: ClientGroup, owner: string): ClientGroup {
  if (group.owner !== owner) throw forbidden("The client group belongs to another user.");
  return group;
}

export const isOverdue = ({ seen }: ClientGroup, now: Date): boolean => now.getTime() - seen > DAY_MS;

export async function touchGroup(tx: Transaction, { id }: ClientGroup, now: Date): Promise<void> {
  await tx.run({ text: "UPDATE _sync_groups SET seen = ? WHERE id = ?", values: [now.getTime(), id] });
}

/** Saves all but the floor, which nobody but the expiry moves. */
export async function saveView(tx: Transaction, id: number, view: ViewState): Promise<void> {
  const { life, parent, forked, epoch, seq, version, shift, scans, prints } = view;
  const values = [life, parent, forked, epoch, seq, version, shift, JSON.stringify(scans), prints, id];
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
    life: String(row["life"]),
    parent: String(row["parent"]),
    forked: Number(row["forked"]),
    epoch: String(row["epoch"]),
    seq: Number(row["seq"]),
    version: Number(row["version"]),
    floor: Number(row["floor"]),
    shift: Number(row["shift"]),
    scans: row["scans"] === "{}" ? NO_SCANS : SCANS.parse(JSON.parse(String(row["scans"]))),
    prints: String(row["prints"]),
  },
});
