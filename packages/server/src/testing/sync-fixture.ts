import { authCollection } from "./auth-collection.ts";
import { NOW, PASSWORD, RecordFixture } from "./record-fixture.ts";
import { claimGroup, type ClientGroup, findGroup, saveView, type ViewState } from "../sync/client-group.ts";
import { DEFAULT_LIMITS, Patch, type PatchLimits } from "../sync/patch.ts";
import { type Snapshot, snapshotFor } from "../sync/snapshot.ts";
import { type SyncedCollection, syncedSet } from "../sync/synced-collection.ts";
import { saveRows } from "../sync/view-rows.ts";

/** A record id of 15 characters that starts with the given ones. */
export const id = (start: string): string => start.padEnd(15, "0");

export const ANN = id("ann");
export const BOB = id("bob");

/** Users Ann and Bob, and notes that each of them may list if they own it or if it is public. */
export class SyncFixture {
  private constructor(readonly records: RecordFixture) {}

  static async open(): Promise<SyncFixture> {
    const records = await RecordFixture.open([
      authCollection("people", { createRule: "", listRule: "" }),
      {
        name: "notes",
        type: "base",
        fields: [
          { name: "title", type: "text" },
          { name: "owner", type: "relation", collectionId: "people", maxSelect: 1 },
        ],
        listRule: "owner = @request.auth.id || title = 'public'",
      },
      { name: "secrets", type: "base", fields: [{ name: "title", type: "text" }], listRule: null },
    ]);
    const fixture = new SyncFixture(records);
    for (const name of ["ann", "bob"]) {
      const body = { nick: name, email: `${name}@example.com`, password: PASSWORD, passwordConfirm: PASSWORD };
      await fixture.write("create", "people", id(name), body);
    }
    return fixture;
  }

  get store(): RecordFixture["store"] {
    return this.records.store;
  }

  /** Writes a record as a superuser. Throws if it is refused. */
  async write(
    action: "create" | "update" | "delete",
    collection: string,
    record: string,
    values: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const as = this.records.superuser();
    const response =
      action === "create"
        ? await this.records.create(collection, { as, body: { ...values, id: record } })
        : action === "update"
          ? await this.records.update(collection, record, { as, body: values })
          : await this.records.remove(collection, record, { as });
    if (response.status >= 300) throw new Error(JSON.stringify(response.body));
  }

  createNote(name: string, values: { readonly title?: string; readonly owner?: string }): Promise<void> {
    return this.write("create", "notes", id(name), values);
  }

  /** Works in a snapshot, as Ann unless another account is named. */
  async read<T>(work: (snapshot: Snapshot) => Promise<T>, account = ANN): Promise<T> {
    const as = await this.records.principal("people", account);
    return this.store.read(async (reader) => work(await snapshotFor(reader, this.records.context({ as }))));
  }

  group(key: string, owner = ANN): Promise<ClientGroup> {
    return this.store.write((tx) => claimGroup(tx, { key, owner, now: NOW }));
  }

  /** Changes the state of a group's view, and the records that came or went in its version. */
  async setView(
    group: ClientGroup,
    state: Partial<ViewState>,
    rows: { readonly put?: readonly string[]; readonly gone?: readonly string[] } = {},
  ): Promise<ClientGroup> {
    const view = { ...group.view, generation: "generation", ...state };
    await this.store.write(async (tx) => {
      const idsOf = (names: readonly string[] = []) => new Map([["notes", new Set(names.map(id))]]);
      await saveRows(tx, group.id, view.version, { put: idsOf(rows.put), gone: idsOf(rows.gone) });
      await saveView(tx, group.id, view);
    });
    return (await findGroup(this.store, group.key))!;
  }
}

export const notesIn = ({ context }: Snapshot): SyncedCollection => syncedSet(context).collections.get("notes")!;

export const createPatch = (limits: Partial<PatchLimits> = {}): Patch => new Patch({ ...DEFAULT_LIMITS, ...limits });

/** The operations of a patch in short: `put ann` for a record whose id starts with `ann`. */
export const operationsIn = (patch: Patch): string[] =>
  patch.operations.map((text) => {
    const { op, key } = JSON.parse(text) as { readonly op: string; readonly key?: string };
    return key === undefined ? op : `${op} ${key.replace(/^notes\//, "").replace(/0+$/, "")}`;
  });
