import { toQuery, type Query, type Row } from "../../src/store/sql.ts";
import type { Reader, SnapshotReader, Store, Transaction } from "../../src/store/store.ts";
import { Schema } from "../../src/collections/model/schema.ts";
import { principalKey } from "../../src/rules/principal.ts";
import type { RecordContext } from "../../src/records/model/record-context.ts";
import type { PullResult } from "../../src/sync/pull.ts";
import { syncedSet } from "../../src/sync/synced-collection.ts";

/** A server bug, injected between the server's parts. */
export interface Fault {
  readonly store: (store: Store) => Store;
  readonly context: (context: () => RecordContext) => () => RecordContext;
  readonly pulled: (pulled: PullResult, server: { readonly store: Store }) => Promise<PullResult>;
}

export const NO_FAULT: Fault = {
  store: (store) => store,
  context: (context) => context,
  pulled: async (pulled) => pulled,
};

/** Changes a statement, or drops it by returning undefined. */
type AlterQuery = (query: Query) => Query | undefined;
type AlterRows = (query: Query, rows: readonly Row[]) => readonly Row[];

const unchanged: AlterQuery = (query) => query;

/** A fault that changes statements or their results. */
function alterStore({ write = unchanged, read = (_, rows) => rows }: { write?: AlterQuery; read?: AlterRows }): Fault {
  const readerOf = (reader: Reader): Reader => ({
    all: async (statement) => [...read(toQuery(statement), await reader.all(statement))],
    async first(statement) {
      const row = await reader.first(statement);
      return read(toQuery(statement), row ? [row] : [])[0];
    },
  });
  const transactionOf = (tx: Transaction): Transaction => ({
    ...readerOf(tx),
    async run(statement) {
      const query = write(toQuery(statement));
      return query ? tx.run(query) : 0;
    },
    afterCommit: (callback) => tx.afterCommit(callback),
  });
  const snapshotReaderOf = (reader: SnapshotReader): SnapshotReader => ({
    ...readerOf(reader),
    read: (work) => reader.read((snapshot) => work(readerOf(snapshot))),
  });
  return {
    ...NO_FAULT,
    store: (store) => ({
      ...snapshotReaderOf(store),
      for: (owner) => snapshotReaderOf(store.for(owner)),
      write: (work, options) => store.write((tx) => work(transactionOf(tx)), options),
      lend: (work) => store.lend(work),
      scrub: () => store.scrub(),
      bracketWrites: (bracket) => store.bracketWrites(bracket),
      onCommit: (listener) => store.onCommit(listener),
      close: () => store.close(),
    }),
  };
}

const dropWrites = (part: string, when: (query: Query) => boolean = () => true): Fault =>
  alterStore({ write: (query) => (query.text.includes(part) && when(query) ? undefined : query) });

const alterValues = (part: string, values: (values: Query["values"]) => Query["values"]): Fault =>
  alterStore({
    write: (query) => (query.text.includes(part) ? { text: query.text, values: values(query.values) } : query),
  });

const alterRows = (part: string, rows: (rows: readonly Row[]) => readonly Row[]): Fault =>
  alterStore({ read: (query, found) => (query.text.includes(part) ? rows(found) : found) });

const SAVE_ROWS = "INSERT INTO _sync_view (client_group, name, record, version, gone)\n  SELECT ?, (SELECT";
const SAVE_VIEW = "SET life = ?, parent = ?, forked = ?, epoch = ?, seq = ?, version = ?, shift = ?";
const FIND_GROUP = "FROM _sync_groups WHERE key = ?";

/** Builds a fault that can read the context of the latest pull. */
function withLastContext(bend: (last: () => RecordContext | undefined) => Fault): Fault {
  let last: RecordContext | undefined;
  const fault = bend(() => last);
  return { ...fault, context: (context) => () => (last = fault.context(context)()) };
}

/** Faults that the model must detect. */
export const FAULTS: Readonly<Record<string, () => Fault>> = {
  "sent records are not saved in the view": () => dropWrites(SAVE_ROWS, ({ values }) => values[3] === 0),
  "removed records are not saved in the view": () => dropWrites(SAVE_ROWS, ({ values }) => values[3] === 1),
  "view rows get the previous version": () => alterValues(SAVE_ROWS, (values) => values.with(2, Number(values[2]) - 1)),
  "the view's log position is too high": () =>
    alterValues(SAVE_VIEW, (values) => values.with(4, Number(values[4]) + 2)),
  "the collections to scan are forgotten": () => alterValues(SAVE_VIEW, (values) => values.with(7, "{}")),
  "the position of a collection scan is too high": () =>
    alterValues(SAVE_VIEW, (values) => values.with(7, String(values[7]).replaceAll(/"after":"[^"]*"/g, '"after":"m"'))),
  "some changes are skipped": () =>
    alterRows("SELECT seq, collection, record FROM _changes", (rows) =>
      rows.filter(({ seq }) => Number(seq) % 5 !== 0),
    ),
  "changes of records that rules depend on are ignored": () => alterRows("AND collection IN (SELECT value", () => []),
  "changes of the user's own account are ignored": () =>
    alterRows("AND collection IN (SELECT value", (rows) =>
      rows.filter(({ collection }) => collection !== "_pb_users_auth_"),
    ),
  "the view looks empty during a collection scan": () => alterRows("AND gone = 0 AND record > ?", () => []),
  "an expired view keeps its generation": () => dropWrites(SAVE_VIEW, ({ values }) => values[0] === ""),
  "a forked group starts with an empty view": () => dropWrites("SELECT ?, name, record, version, gone FROM _sync_view"),
  "a client group can be used by any user": () =>
    withLastContext((last) =>
      alterRows(FIND_GROUP, (rows) => rows.map((row) => ({ ...row, owner: ownerIn(last()) ?? row["owner"]! }))),
    ),
  "completed mutations are not recorded": () => dropWrites("INSERT INTO _sync_clients"),
  "pushes are not counted": () => dropWrites("SET pushes = pushes + 1"),
  "a trimmed log is treated as complete": () => alterRows("min(seq) AS oldest", () => [{ oldest: 1 }]),
  "a page confirms mutations whose results are on later pages": () => ({
    ...NO_FAULT,
    async pulled(pulled, { store }) {
      if (!pulled.partial) return pulled;
      const rows = await store.all({ text: "SELECT key, mutation FROM _sync_clients", values: [] });
      const done = Object.fromEntries(rows.map(({ key, mutation }) => [String(key), Number(mutation)]));
      return { ...pulled, lastMutationIDChanges: done };
    },
  }),
  "a response lacks its last operation": () => ({
    ...NO_FAULT,
    pulled: async (pulled) => (pulled.patch.length > 3 ? { ...pulled, patch: pulled.patch.slice(0, -1) } : pulled),
  }),
  "a full view does not clear the old view": () => ({
    ...NO_FAULT,
    pulled: async (pulled) => ({ ...pulled, patch: pulled.patch.filter((text) => text !== '{"op":"clear"}') }),
  }),
  "deletions are sent to clients that never had the record": () => ({
    ...NO_FAULT,
    async pulled(pulled, { store }) {
      const row = await store.first({ text: "SELECT record FROM _changes WHERE action = 'delete'", values: [] });
      if (!row || pulled.patch.length === 0) return pulled;
      return {
        ...pulled,
        patch: [...pulled.patch, JSON.stringify({ op: "del", key: `lists/${String(row["record"])}` })],
      };
    },
  }),
  "rules are not checked": () => ({
    ...NO_FAULT,
    context: (context) => () => {
      const original = context();
      const open = original.schema.collections.map((collection) => ({ ...collection, listRule: "" }));
      return { ...original, schema: new Schema(open) };
    },
  }),
  "rule changes are ignored": () =>
    withLastContext((last) =>
      alterRows(FIND_GROUP, (rows) =>
        rows.map((row) => (row["prints"] === "{}" ? row : { ...row, prints: printsIn(last()) ?? row["prints"]! })),
      ),
    ),
};

const ownerIn = (context: RecordContext | undefined): string | undefined => context && principalKey(context.principal);
const printsIn = (context: RecordContext | undefined): string | undefined => context && syncedSet(context).fingerprints;
