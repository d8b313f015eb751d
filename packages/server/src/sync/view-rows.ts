import type { Reader, Transaction } from "../store/store.ts";

/** Record ids by collection name. */
export type RecordIds = ReadonlyMap<string, ReadonlySet<string>>;

/** Those of the ids that the group's view has. */
export async function viewRecordsAmong(
  reader: Reader,
  group: number,
  name: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await reader.all({ text: VIEW_RECORDS_AMONG, values: [group, name, JSON.stringify(ids)] });
  return new Set(rows.map(({ record }) => String(record)));
}

const OF_NAME = "client_group = ? AND name = (SELECT id FROM _sync_names WHERE name = ?)";
const VIEW_RECORDS_AMONG = `SELECT record FROM _sync_view
  WHERE ${OF_NAME} AND gone = 0 AND record IN (SELECT value FROM json_each(?))`;

export interface ViewRange {
  readonly group: number;
  /** The collection's name. */
  readonly name: string;
  readonly after: string;
  /** -1 for no limit. */
  readonly limit: number;
}

/** The view's first records after an id, in order, each with the version that it came or last changed in. */
export async function viewRecordsAfter(
  reader: Reader,
  { group, name, after, limit }: ViewRange,
): Promise<ReadonlyMap<string, number>> {
  const rows = await reader.all({ text: VIEW_RECORDS_AFTER, values: [group, name, after, limit] });
  return new Map(rows.map(({ record, version }) => [String(record), Number(version)]));
}

const VIEW_RECORDS_AFTER = `SELECT record, version FROM _sync_view WHERE ${OF_NAME} AND gone = 0 AND record > ?
  ORDER BY record LIMIT ?`;

/** What changed in a view in a range of versions, each record in its latest state. */
export interface Versions {
  /** The last version of the range. */
  readonly upTo: number;
  /** In the order of versions. */
  readonly rows: readonly VersionRow[];
}

export interface VersionRow {
  readonly version: number;
  readonly name: string;
  readonly record: string;
  readonly gone: boolean;
}

/** The versions after one: whole versions, until they have `minRows` rows together. `undefined` if there are none. */
export async function versionsAfter(
  reader: Reader,
  group: number,
  version: number,
  minRows: number,
): Promise<Versions | undefined> {
  const counts = await reader.all({ text: COUNTS, values: [group, version] });
  let [upTo, rows] = [0, 0];
  for (const count of counts) {
    if (rows >= minRows) break;
    [upTo, rows] = [Number(count["version"]), rows + Number(count["rows"])];
  }
  if (upTo === 0) return undefined;
  const found = await reader.all({ text: ROWS, values: [group, version, upTo] });
  return {
    upTo,
    rows: found.map(({ version: own, name, record, gone }) => ({
      version: Number(own),
      name: String(name),
      record: String(record),
      gone: gone === 1,
    })),
  };
}

const COUNTS = `SELECT version, count(*) AS rows FROM _sync_view
  WHERE client_group = ? AND version > ? GROUP BY version ORDER BY version LIMIT 64`;
const ROWS = `SELECT version, _sync_names.name, record, gone FROM _sync_view JOIN _sync_names ON _sync_names.id = _sync_view.name
  WHERE client_group = ? AND version > ? AND version <= ? ORDER BY version`;

/** Saves what came into the view or left it in a version. */
export async function saveRows(
  tx: Transaction,
  group: number,
  version: number,
  { put, gone }: { readonly put: RecordIds; readonly gone: RecordIds },
): Promise<void> {
  await saveState(put, 0);
  await saveState(gone, 1);

  async function saveState(records: RecordIds, isGone: 0 | 1): Promise<void> {
    for (const [name, ids] of records) {
      await tx.run({ text: "INSERT OR IGNORE INTO _sync_names (name) VALUES (?)", values: [name] });
      await tx.run({ text: SAVE, values: [group, name, version, isGone, JSON.stringify([...ids])] });
    }
  }
}

const SAVE = `INSERT INTO _sync_view (client_group, name, record, version, gone)
  SELECT ?, (SELECT id FROM _sync_names WHERE name = ?), value, ?, ? FROM json_each(?) WHERE true
  ON CONFLICT (client_group, name, record) DO UPDATE SET version = excluded.version, gone = excluded.gone`;

/** Copies a group's view to another group. */
export async function copyRows(tx: Transaction, from: number, to: number): Promise<void> {
  await tx.run({ text: COPY, values: [to, from] });
}

const COPY = `INSERT INTO _sync_view (client_group, name, record, version, gone)
  SELECT ?, name, record, version, gone FROM _sync_view WHERE client_group = ?`;

/** Deletes a group's view. */
export async function dropRows(tx: Transaction, group: number): Promise<void> {
  await tx.run({ text: "DELETE FROM _sync_view WHERE client_group = ?", values: [group] });
}
