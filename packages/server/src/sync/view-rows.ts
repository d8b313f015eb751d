import type { Reader, Transaction } from "../store/store.ts";

/** Records of one collection, by its name. */
export type Records = ReadonlyMap<string, ReadonlySet<string>>;

/** Those of the records that the group has. */
export async function heldAmong(
  reader: Reader,
  group: number,
  name: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await reader.all({ text: HELD_AMONG, values: [group, name, JSON.stringify(ids)] });
  return new Set(rows.map(({ record }) => String(record)));
}

const OF_NAME = "client_group = ? AND name = (SELECT id FROM _sync_names WHERE name = ?)";
const HELD_AMONG = `SELECT record FROM _sync_view
  WHERE ${OF_NAME} AND gone = 0 AND record IN (SELECT value FROM json_each(?))`;

/** The first records above `after` that the group has, in order, with the version that each came or changed in. */
export async function heldAbove(
  reader: Reader,
  group: number,
  name: string,
  after: string,
  limit: number,
): Promise<ReadonlyMap<string, number>> {
  const rows = await reader.all({ text: HELD_ABOVE, values: [group, name, after, limit] });
  return new Map(rows.map(({ record, version }) => [String(record), Number(version)]));
}

const HELD_ABOVE = `SELECT record, version FROM _sync_view WHERE ${OF_NAME} AND gone = 0 AND record > ?
  ORDER BY record LIMIT ?`;

/** What the group was given in some versions that follow each other, as it is by now. */
export interface Versions {
  /** The last of them. */
  readonly upTo: number;
  readonly rows: readonly { readonly name: string; readonly record: string; readonly gone: boolean }[];
}

/** The versions behind one, whole ones of together some `enough` rows. */
export async function versionsAfter(
  reader: Reader,
  group: number,
  version: number,
  enough: number,
): Promise<Versions | undefined> {
  const counts = await reader.all({ text: COUNTS, values: [group, version] });
  let [upTo, rows] = [0, 0];
  for (const count of counts) {
    if (rows >= enough) break;
    [upTo, rows] = [Number(count["version"]), rows + Number(count["rows"])];
  }
  if (upTo === 0) return undefined;
  const found = await reader.all({ text: ROWS, values: [group, version, upTo] });
  return {
    upTo,
    rows: found.map(({ name, record, gone }) => ({ name: String(name), record: String(record), gone: gone === 1 })),
  };
}

const COUNTS = `SELECT version, count(*) AS rows FROM _sync_view
  WHERE client_group = ? AND version > ? GROUP BY version ORDER BY version LIMIT 64`;
const ROWS = `SELECT _sync_names.name, record, gone FROM _sync_view JOIN _sync_names ON _sync_names.id = _sync_view.name
  WHERE client_group = ? AND version > ? AND version <= ? ORDER BY version`;

/** Notes what the group has, or has no more, since a version. */
export async function saveRows(
  tx: Transaction,
  group: number,
  version: number,
  records: Records,
  gone: boolean,
): Promise<void> {
  for (const [name, ids] of records) {
    await tx.run({ text: "INSERT OR IGNORE INTO _sync_names (name) VALUES (?)", values: [name] });
    await tx.run({ text: SAVE, values: [group, name, version, gone ? 1 : 0, JSON.stringify([...ids])] });
  }
}

const SAVE = `INSERT INTO _sync_view (client_group, name, record, version, gone)
  SELECT ?, (SELECT id FROM _sync_names WHERE name = ?), value, ?, ? FROM json_each(?) WHERE true
  ON CONFLICT (client_group, name, record) DO UPDATE SET version = excluded.version, gone = excluded.gone`;

/** Gives a group what another one has. */
export async function copyRows(tx: Transaction, from: number, to: number): Promise<void> {
  await tx.run({ text: COPY, values: [to, from] });
}

const COPY = `INSERT INTO _sync_view (client_group, name, record, version, gone)
  SELECT ?, name, record, version, gone FROM _sync_view WHERE client_group = ?`;

/** Forgets all that the group has. */
export async function dropRows(tx: Transaction, group: number): Promise<void> {
  await tx.run({ text: "DELETE FROM _sync_view WHERE client_group = ?", values: [group] });
}
