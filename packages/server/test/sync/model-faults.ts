import { toQuery, type Query, type Row } from "../../src/store/sql.ts";
import type { Reader, Store, Transaction } from "../../src/store/store.ts";
import { Schema } from "../../src/collections/model/schema.ts";
import { principalKey } from "../../src/rules/principal.ts";
import type { RecordContext } from "../../src/records/model/record-context.ts";
import type { PullResult } from "../../src/sync/pull.ts";
import { syncedSet } from "../../src/sync/synced-collection.ts";

/** Something that a server could do wrong, put between its parts. */
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

/** What a statement becomes; `undefined`: it is not run. */
type AlterQuery = (query: Query) => Query | undefined;
type AlterRows = (query: Query, rows: readonly Row[]) => readonly Row[];

const unchanged: AlterQuery = (query) => query;

/** A store whose statements, or what they find, are not what they should be. */
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
  return {
    ...NO_FAULT,
    store: (store) => ({
      ...readerOf(store),
      read: (work) => store.read((reader) => work(readerOf(reader))),
      write: (work, options) => store.write((tx) => work(transactionOf(tx)), options),
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

/** What the context of a pull is, remembered by whoever bends it. */
function withLastContext(bend: (last: () => RecordContext | undefined) => Fault): Fault {
  let last: RecordContext | undefined;
  const fault = bend(() => last);
  return { ...fault, context: (context) => () => (last = fault.context(context)()) };
}

/** The ways in which the model must find a server out. */
export const FAULTS: Readonly<Record<string, () => Fault>> = {
  "what was put is not remembered": () => dropWrites(SAVE_ROWS, ({ values }) => values[3] === 0),
  "what has gone is not remembered": () => dropWrites(SAVE_ROWS, ({ values }) => values[3] === 1),
  "rows get the version before": () => alterValues(SAVE_ROWS, (values) => values.with(2, Number(values[2]) - 1)),
  "a view is said to know more of the log than it does": () =>
    alterValues(SAVE_VIEW, (values) => values.with(4, Number(values[4]) + 2)),
  "what is to be gone through is forgotten": () => alterValues(SAVE_VIEW, (values) => values.with(7, "{}")),
  "what is gone through is thought to be further on than it is": () =>
    alterValues(SAVE_VIEW, (values) => values.with(7, String(values[7]).replaceAll(/"after":"[^"]*"/g, '"after":"m"'))),
  "some changes are overlooked": () =>
    alterRows("SELECT seq, collection, record FROM _changes", (rows) =>
      rows.filter(({ seq }) => Number(seq) % 5 !== 0),
    ),
  "records that decide are not looked at": () => alterRows("AND collection IN (SELECT value", () => []),
  "the user's own account does not decide": () =>
    alterRows("AND collection IN (SELECT value", (rows) =>
      rows.filter(({ collection }) => collection !== "_pb_users_auth_"),
    ),
  "the group has nothing when a collection is gone through": () => alterRows("AND gone = 0 AND record > ?", () => []),
  "a view that expired keeps its life": () => dropWrites(SAVE_VIEW, ({ values }) => values[0] === ""),
  "a fork is given nothing": () => dropWrites("SELECT ?, name, record, version, gone FROM _sync_view"),
  "anybody may use a group": () =>
    withLastContext((last) =>
      alterRows(FIND_GROUP, (rows) => rows.map((row) => ({ ...row, owner: ownerIn(last()) ?? row["owner"]! }))),
    ),
  "done mutations are not noted": () => dropWrites("INSERT INTO _sync_clients"),
  "pushes are not counted": () => dropWrites("SET pushes = pushes + 1"),
  "a trimmed log is read as if it were whole": () => alterRows("min(seq) AS oldest", () => [{ oldest: 1 }]),
  "pages confirm mutations that stand on later ones": () => ({
    ...NO_FAULT,
    async pulled(pulled, { store }) {
      if (!pulled.partial) return pulled;
      const rows = await store.all({ text: "SELECT key, mutation FROM _sync_clients", values: [] });
      const done = Object.fromEntries(rows.map(({ key, mutation }) => [String(key), Number(mutation)]));
      return { ...pulled, lastMutationIDChanges: done };
    },
  }),
  "an answer leaves out its last operation": () => ({
    ...NO_FAULT,
    pulled: async (pulled) => (pulled.patch.length > 3 ? { ...pulled, patch: pulled.patch.slice(0, -1) } : pulled),
  }),
  "a full view does not clear the old one": () => ({
    ...NO_FAULT,
    pulled: async (pulled) => ({ ...pulled, patch: pulled.patch.filter((text) => text !== '{"op":"clear"}') }),
  }),
  "deletions are told to those who never had the record": () => ({
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
  "rules are not asked": () => ({
    ...NO_FAULT,
    context: (context) => () => {
      const honest = context();
      const open = honest.schema.collections.map((collection) => ({ ...collection, listRule: "" }));
      return { ...honest, schema: new Schema(open) };
    },
  }),
  "changes of rules are not noticed": () =>
    withLastContext((last) =>
      alterRows(FIND_GROUP, (rows) =>
        rows.map((row) => (row["prints"] === "{}" ? row : { ...row, prints: printsIn(last()) ?? row["prints"]! })),
      ),
    ),
};

const ownerIn = (context: RecordContext | undefined): string | undefined => context && principalKey(context.principal);
const printsIn = (context: RecordContext | undefined): string | undefined => context && syncedSet(context).fingerprints;
