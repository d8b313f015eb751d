import { type CollectionId, syncKey } from "@headwater/protocol";
import { z } from "zod";
import { COLLECTIONS, isForeignWrite } from "../collections/model/log-collection-change.ts";
import type { Change } from "../log/change.ts";
import { readChangedRecords, type ChangedRecord } from "../log/change-log.ts";
import { cursorProblem, type LogBounds } from "../log/cursor-problem.ts";
import { readChangesOf } from "../records/changes/read-changes.ts";
import type { ClientGroup, Scan } from "./client-group.ts";
import { findAffected } from "./find-affected.ts";
import { type Patch, putVisible } from "./patch.ts";
import { runScanStep } from "./scan-step.ts";
import { countThatFit, recordSizes } from "./record-sizes.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SyncedCollection, SyncedSet } from "./synced-collection.ts";
import { type RecordIds, viewRecordsAfter, viewRecordsAmong } from "./view-rows.ts";
import { visibleIdsAmong } from "./visible-ids.ts";

/** How far the view got, and what came into it or left it on the way. */
export interface ViewProgress {
  readonly seq: number;
  readonly scans: Readonly<Record<string, Scan>>;
  readonly put: RecordIds;
  readonly gone: RecordIds;
}

export interface ViewUpdate {
  readonly group: ClientGroup;
  readonly set: SyncedSet;
  readonly patch: Patch;
  /** Records that are known to have left the view. The patch already deletes them. */
  readonly gone?: RecordIds;
}

/**
 * Brings a group's view up to date: processes the changes after the view's seq, then scans the collections whose
 * visibility may have changed in another way, until all is done or the patch is full.
 */
export class ViewUpdater {
  readonly #snapshot: Snapshot;
  readonly #group: ClientGroup;
  readonly #set: SyncedSet;
  readonly #patch: Patch;
  /** The version that this update creates. */
  readonly #nextVersion: number;
  readonly #scans: Map<string, Scan>;
  readonly #put = new Map<string, Set<string>>();
  readonly #gone: Map<string, Set<string>>;
  #seq: number;

  constructor(snapshot: Snapshot, { group, set, patch, gone = new Map() }: ViewUpdate) {
    this.#snapshot = snapshot;
    this.#group = group;
    this.#set = set;
    this.#patch = patch;
    this.#gone = new Map([...gone].map(([name, ids]) => [name, new Set(ids)]));
    this.#nextVersion = group.view.version + 1;
    this.#scans = new Map(Object.entries(group.view.scans));
    this.#seq = group.view.seq;
  }

  /** @param log as the snapshot has it */
  async run(log: LogBounds): Promise<ViewProgress> {
    const { head } = log;
    await this.#compareCollections();
    if (cursorProblem({ epoch: this.#group.view.epoch, seq: this.#seq }, log)) {
      this.#scanAll();
      this.#seq = head;
    }
    while (this.#seq < head && !this.#patch.isFull) await this.#processChanges(head);
    for (const name of this.#set.volatileCollections) this.#scan(name, 0);
    await this.#runScans();
    return {
      seq: this.#seq,
      scans: Object.fromEntries(this.#scans),
      put: this.#put,
      gone: this.#gone,
    };
  }

  /** Finds collections that came or went, whose records look different, or whose rules changed. */
  async #compareCollections(): Promise<void> {
    const { view, id } = this.#group;
    if (view.fingerprints === this.#set.fingerprints) return;
    const before = FINGERPRINTS.parse(JSON.parse(view.fingerprints));
    for (const [name, { fingerprints }] of this.#set.collections) {
      const old = before[name];
      if (old?.look !== fingerprints.content) this.#scan(name, this.#nextVersion);
      else if (old.sight !== fingerprints.visibility) this.#scan(name, 0);
    }
    for (const name of Object.keys(before)) {
      if (this.#set.collections.has(name)) continue;
      this.#scans.delete(name);
      const all = { group: id, name, after: "", limit: -1 };
      this.#drop(name, (await viewRecordsAfter(this.#snapshot.reader, all)).keys());
    }
  }

  async #processChanges(head: number): Promise<void> {
    const { reader, context } = this.#snapshot;
    const { logSpan } = this.#patch.limits;
    const found = await readChangedRecords(reader, this.#seq, logSpan);
    const touched = await this.#thatFit(found);
    const isAll = touched.length === found.length && found.length < logSpan;
    const upTo = isAll ? head : touched.at(-1)!.seq;
    const deciding = touched.some(({ collection }) => this.#set.decidingCollections.includes(collection))
      ? await readChangesOf(
          reader,
          { stored: context.schema, show: "present" },
          this.#set.decidingCollections,
          { after: this.#seq, upTo },
          () => this.#scanAll(),
        )
      : [];
    if (deciding.some(isForeignWrite)) this.#scanAll();
    const byCollection = Map.groupBy(touched, ({ collection }) => collection);
    for (const synced of this.#set.collections.values()) await this.#updateCollection(synced, byCollection, deciding);
    this.#seq = upTo;
  }

  /** The first of the changed records, as many as the page has room for. */
  async #thatFit(touched: readonly ChangedRecord[]): Promise<readonly ChangedRecord[]> {
    const byCollection = Map.groupBy(touched, ({ collection }) => collection);
    const sizes = new Map<ChangedRecord, number>();
    for (const { collection } of this.#set.collections.values()) {
      const changed = byCollection.get(collection.id) ?? [];
      const ids = changed.map(({ record }) => record);
      const known = await recordSizes(this.#snapshot.reader, collection, ids);
      for (const change of changed) sizes.set(change, known.get(change.record) ?? 0);
    }
    const { limits, bytes } = this.#patch;
    return touched.slice(
      0,
      countThatFit(
        touched.map((change) => sizes.get(change) ?? 0),
        limits.pageBytes - bytes,
      ),
    );
  }

  async #updateCollection(
    synced: SyncedCollection,
    touched: ReadonlyMap<CollectionId, readonly ChangedRecord[]>,
    deciding: readonly Change[],
  ): Promise<void> {
    const changed = new Set((touched.get(synced.collection.id) ?? []).map(({ record }): string => record));
    const affected = deciding.length > 0 ? await this.#findAffected(synced, deciding) : [];
    const ids = [...new Set([...changed, ...affected])];
    if (ids.length > 0) await this.#compareRecords(synced, ids, changed);
  }

  /** The unchanged records whose visibility the changes may have changed; starts a scan if that can be any record. */
  async #findAffected(synced: SyncedCollection, deciding: readonly Change[]): Promise<Iterable<string>> {
    const { collection, listAnalysis, manageAnalysis, decidingIds } = synced;
    const affected = await findAffected(this.#snapshot, synced, listAnalysis, deciding);
    if (affected === "any") this.#scan(collection.name, 0);
    // A rule that was changed and changed back has shown and hidden records in between.
    if (deciding.some((change) => isOfCollections(change, decidingIds))) this.#scan(collection.name, 0);
    if (deciding.some((change) => isRemade(change, collection.id))) this.#scan(collection.name, this.#nextVersion);
    const managed = await findAffected(this.#snapshot, synced, manageAnalysis, deciding);
    if (managed === "any" || managed.size > 0) this.#scan(collection.name, this.#nextVersion);
    return affected === "any" ? [] : affected;
  }

  /** Puts and drops records, by what the view has and what the requester may list. */
  async #compareRecords(synced: SyncedCollection, ids: readonly string[], changed: ReadonlySet<string>): Promise<void> {
    const { name } = synced.collection;
    const inView = await viewRecordsAmong(this.#snapshot.reader, this.#group.id, name, ids);
    const put = this.#put.get(name);
    // All reads are from one snapshot: a record that the patch already has would be put the same again.
    const candidates = ids.filter((id) => !put?.has(id) && (changed.has(id) || !inView.has(id)));
    this.#note(this.#put, name, await putVisible(this.#snapshot, synced, candidates, this.#patch));
    const unchanged = ids.filter((id) => inView.has(id) && !changed.has(id));
    const kept = await visibleIdsAmong(this.#snapshot, synced, unchanged);
    this.#drop(
      name,
      [...inView].filter((id) => !this.#put.get(name)?.has(id) && !kept.has(id)),
    );
  }

  async #runScans(): Promise<void> {
    for (const synced of this.#set.collections.values()) {
      const { name } = synced.collection;
      const isPut = (id: string): boolean => this.#put.get(name)?.has(id) === true;
      for (let scan = this.#scans.get(name); scan && !this.#patch.isFull; scan = this.#scans.get(name)) {
        const step = { group: this.#group.id, synced, scan, patch: this.#patch, isPut };
        const { rest, put, gone } = await runScanStep(this.#snapshot, step);
        this.#note(this.#put, name, put);
        this.#drop(name, gone);
        if (rest) this.#scans.set(name, rest);
        else this.#scans.delete(name);
        // Other requests run between two steps.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** For when the log can't say what changed. */
  #scanAll(): void {
    for (const name of this.#set.collections.keys()) this.#scan(name, this.#nextVersion);
  }

  #scan(name: string, since: number): void {
    const current = this.#scans.get(name);
    this.#scans.set(name, { after: "", since: Math.max(since, current?.since ?? 0) });
  }

  #drop(name: string, ids: Iterable<string>): void {
    const gone = [...ids].filter((id) => !this.#gone.get(name)?.has(id));
    for (const id of gone) this.#patch.add({ op: "del", key: syncKey(name, id) });
    this.#note(this.#gone, name, gone);
  }

  #note(records: Map<string, Set<string>>, name: string, ids: Iterable<string>): void {
    const known = records.get(name) ?? new Set();
    for (const id of ids) known.add(id);
    if (known.size > 0) records.set(name, known);
  }
}

const isOfCollections = ({ collection, record }: Change, ids: ReadonlySet<string>): boolean =>
  collection === COLLECTIONS && ids.has(record);

/** A collection or field that was deleted and created again may look the same, but its values are different. */
const isRemade = ({ collection, record, action, before, after }: Change, id: string): boolean =>
  collection === COLLECTIONS && String(record) === id && (action !== "update" || before["fields"] !== after["fields"]);

/** The stored form of the fingerprints; `synced-collection.ts` writes it. */
const FINGERPRINTS = z.record(z.string(), z.object({ look: z.string(), sight: z.string() }));
