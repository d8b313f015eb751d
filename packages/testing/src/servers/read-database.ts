import { Database } from "bun:sqlite";
import { join } from "node:path";

type Values = Readonly<Record<string, unknown>>;

/** A change of the log, read from the database file while the server may be running. */
export interface LoggedChange {
  readonly seq: number;
  readonly record: string;
  readonly action: "create" | "update" | "delete";
  /** `null` for a create, and for what was erased. */
  readonly before: Values | null;
  /** `null` for a delete, and for what was erased. */
  readonly after: Values | null;
}

/** A change of any collection; `collection` is its name, or its id if it no longer exists. */
export interface LogEntry extends LoggedChange {
  readonly collection: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** The changes of one collection, in log order. */
export const readChanges = (dir: string, collection: string, table?: string): LoggedChange[] =>
  readLog(dir, 0, table).filter((change) => change.collection === collection);

/**
 * All changes after the seq `after`, in log order. The log holds what changed: this goes back from the stored records.
 *
 * @param table the log itself, or the copy that `keepLog` makes
 */
export function readLog(dir: string, after = 0, table = "_changes"): LogEntry[] {
  using db = new Database(join(dir, "data.db"), { readonly: true });
  return db.transaction(() => {
    const collections = readCollections(db);
    const rows = db.query<Row, [number]>(`SELECT * FROM "${table}" WHERE seq > ? ORDER BY seq DESC`).all(after);
    const states = new Map<string, Values | null>();
    const entries = rows.map((row) => {
      const collection = collections.get(row.collection);
      const key = `${row.collection}/${row.record}`;
      if (!states.has(key)) states.set(key, collection ? readRecord(db, collection, row.record) : null);
      const state = states.get(key) ?? null;
      const [before, now] = row.form === PLAIN || !collection ? plainSides(row) : sidesOf(collection, row, state);
      states.set(key, before);
      const { seq, time, record, action, tokenKey } = row;
      const name = collection?.name ?? row.collection;
      return { seq, time, collection: name, record, action, before, after: tokenKey ? { ...now, tokenKey } : now };
    });
    return entries.toReversed();
  })();
}

/** The name of the copy that `keepLog` makes. */
export const KEPT_LOG = "kept_changes";

/**
 * Copies every change, past and future, to a table that nothing is trimmed or erased from, with the token key of an account,
 * which the log never holds.
 */
export function keepLog(dir: string): void {
  using db = new Database(join(dir, "data.db"));
  const key = "(SELECT tokenKey FROM users WHERE id = record AND collection = '_pb_users_auth_') AS tokenKey";
  db.run(`CREATE TABLE ${KEPT_LOG} AS SELECT *, ${key} FROM _changes`);
  db.run(
    `CREATE TRIGGER keep_changes AFTER INSERT ON _changes BEGIN
       INSERT INTO ${KEPT_LOG} SELECT *, ${key} FROM _changes WHERE seq = new.seq; END`,
  );
}

/** All rows of a table. */
export function readRows(dir: string, table: string): Record<string, unknown>[] {
  using db = new Database(join(dir, "data.db"), { readonly: true });
  return db.query<Record<string, unknown>, []>(`SELECT * FROM "${table}"`).all();
}

/** A row of the log. What a record's change holds of its values is in `before`, by field id. */
interface Row {
  readonly seq: number;
  readonly time: number;
  readonly collection: string;
  readonly record: string;
  readonly action: LoggedChange["action"];
  readonly before: string | null;
  readonly after: string | null;
  readonly form: number;
  /** Only in a copy of the log. */
  readonly tokenKey?: string | null;
}

/** The values of `form`: all of a record's values, or the values before and after of something else. */
const [WHOLE, PLAIN] = [1, 2];

interface CollectionInfo {
  readonly name: string;
  readonly fields: readonly FieldInfo[];
}
interface FieldInfo {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly maxSelect?: number;
}

function readCollections(db: Database): ReadonlyMap<string, CollectionInfo> {
  const rows = db.query<{ id: string; name: string; fields: string }, []>("SELECT id, name, fields FROM _collections");
  return new Map(rows.all().map(({ id, name, fields }) => [id, { name, fields: JSON.parse(fields) as FieldInfo[] }]));
}

function readRecord(db: Database, { name, fields }: CollectionInfo, id: string): Values | null {
  const row = db.query<Record<string, unknown>, [string]>(`SELECT * FROM "${name}" WHERE id = ?`).get(id);
  return row && Object.fromEntries(fields.map((field) => [field.name, decode(field, row[field.name])]));
}

function decode({ type, maxSelect = 1 }: FieldInfo, stored: unknown): unknown {
  if (type === "bool") return stored === 1;
  const isList = ["select", "relation", "file"].includes(type) && maxSelect > 1;
  return (isList || type === "json" || type === "geoPoint") && typeof stored === "string" ? JSON.parse(stored) : stored;
}

function sidesOf(
  { fields }: CollectionInfo,
  { action, form, before }: Row,
  state: Values | null,
): [before: Values | null, after: Values | null] {
  if (action === "create") return [null, state];
  if (before === null) return [null, null];
  const logged = JSON.parse(before) as Values;
  const known = fields.filter(({ id }) => id in logged).map(({ id, name }) => [name, logged[id]] as const);
  if (action === "delete") return [form === WHOLE ? Object.fromEntries(known) : null, null];
  return [form === WHOLE || state ? { ...state, ...Object.fromEntries(known) } : null, state];
}

const plainSides = ({ before, after }: Row): [Values | null, Values | null] => [parse(before), parse(after)];
const parse = (json: string | null): Values | null => (json === null ? null : (JSON.parse(json) as Values));
