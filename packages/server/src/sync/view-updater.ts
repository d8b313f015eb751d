import { type CollectionId, syncKey } from "@headwater/protocol";
import { z } from "zod";
import { COLLECTIONS } from "../collections/model/change-of-collection.ts";
import type { Change } from "../log/change.ts";
import { readSpanOf, readTouched, type TouchedRecord } from "../log/change-log.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import type { Reader } from "../store/store.ts";
import type { ClientGroup, Scan } from "./client-group.ts";
import { type Patch, putVisible } from "./patch.ts";
import { scanOn } from "./scan.ts";
import { findAffected } from "./find-affected.ts";
import type { SyncedCollection, SyncedSet } from "./synced-collection.ts";
import { heldAbove, heldAmong, type Records } from "./view-rows.ts";
import { visibleAmong } from "./visible.ts";

/** The log as a snapshot has it. */
export interface LogSpan {
  readonly epoch: string;
  /** Every change above it is still there. */
  readonly floor: number;
  readonly head: number;
}

/** How far the view got, and what changed in it on the way. */
export interface ViewProgress {
  readonly seq: number;
  readonly scans: Readonly<Record<string, Scan>>;
  readonly put: Records;
  readonly gone: Records;
}

/**
 * Brings a group's view on: takes up what the log has behind its place, and goes on through collections whose records
 * may have come into sight or left it otherwise, until all is done or the patch is full.
 */
export class ViewUpdater {
  readonly #reader: Reader;
  readonly #context: RecordContext;
  readonly #group: ClientGroup;
  readonly #set: SyncedSet;
  readonly #patch: Patch;
  /** The version that what is found here will have. */
  readonly #next: number;
  readonly #scans: Map<string, Scan>;
  readonly #put = new Map<string, Set<string>>();
  readonly #gone: Map<string, Set<string>>;
  #seq: number;

  /** @param gone what the group is known to have no more, and was told of */
  constructor(
    reader: Reader,
    context: RecordContext,
    group: ClientGroup,
    set: SyncedSet,
    patch: Patch,
    gone: Records = new Map(),
  ) {
    this.#reader = reader;
    this.#context = context;
    this.#group = group;
    this.#set = set;
    this.#patch = patch;
    this.#gone = new Map([...gone].map(([name, ids]) => [name, new Set(ids)]));
    this.#next = group.view.version + 1;
    this.#scans = new Map(Object.entries(group.view.scans));
    this.#seq = group.view.seq;
  }

  async run({ epoch, floor, head }: LogSpan): Promise<ViewProgress> {
    await this.#takeUpCollections();
    if (this.#group.view.epoch !== epoch || this.#seq < floor || this.#seq > head) {
      this.#scanAll();
      this.#seq = head;
    }
    while (this.#seq < head && !this.#patch.isFull) await this.#takeUpChanges(head);
    for (const name of this.#set.volatile) this.#scan(name, 0);
    await this.#goThrough();
    return {
      seq: this.#seq,
      scans: Object.fromEntries(this.#scans),
      put: this.#put,
      gone: this.#gone,
    };
  }

  /** Collections that came, went, look other than they did, or are seen by other rules. */
  async #takeUpCollections(): Promise<void> {
    const { view, id } = this.#group;
    if (view.prints === this.#set.prints) return;
    const before = PRINTS.parse(JSON.parse(view.prints));
    for (const [name, { prints }] of this.#set.collections) {
      const old = before[name];
      if (old?.look !== prints.look) this.#scan(name, this.#next);
      else if (old.sight !== prints.sight) this.#scan(name, 0);
    }
    for (const name of Object.keys(before)) {
      if (this.#set.collections.has(name)) continue;
      this.#scans.delete(name);
      this.#drop(name, (await heldAbove(this.#reader, id, name, "", -1)).keys());
    }
  }

  async #takeUpChanges(head: number): Promise<void> {
    const { span } = this.#patch.sizes;
    const touched = await readTouched(this.#reader, this.#seq, span);
    const upTo = touched.length < span ? head : touched.at(-1)!.seq;
    const deciding = touched.some(({ collection }) => this.#set.deciding.includes(collection))
      ? await readSpanOf(this.#reader, this.#seq, upTo, this.#set.deciding, () => this.#scanAll())
      : [];
    const byCollection = Map.groupBy(touched, ({ collection }) => collection);
    for (const synced of this.#set.collections.values()) {
      await this.#takeUp(synced, byCollection, deciding);
    }
    this.#seq = upTo;
  }

  async #takeUp(
    synced: SyncedCollection,
    touched: ReadonlyMap<CollectionId, readonly TouchedRecord[]>,
    deciding: readonly Change[],
  ): Promise<void> {
    const { collection, ruling, management, deciders } = synced;
    const changed = new Set((touched.get(collection.id) ?? []).map(({ record }): string => record));
    let moved: ReadonlySet<string> = new Set();
    if (deciding.length > 0) {
      const shift = await findAffected(this.#reader, this.#context, synced, ruling, deciding);
      if (shift === "any") this.#scan(collection.name, 0);
      else moved = shift;
      // Rules that were changed and changed back have shown and hidden records meanwhile.
      if (deciding.some((change) => isOfCollections(change, deciders))) this.#scan(collection.name, 0);
      if (deciding.some((change) => isRemade(change, collection.id))) this.#scan(collection.name, this.#next);
      const managed = await findAffected(this.#reader, this.#context, synced, management, deciding);
      if (managed === "any" || managed.size > 0) this.#scan(collection.name, this.#next);
    }
    const ids = [...new Set([...changed, ...moved])];
    if (ids.length === 0) return;
    const held = await heldAmong(this.#reader, this.#group.id, collection.name, ids);
    const put = this.#put.get(collection.name);
    // All is read from one snapshot: what the patch has is as it would be put again.
    const asked = ids.filter((id) => !put?.has(id) && (changed.has(id) || !held.has(id)));
    const visible = await putVisible(this.#reader, this.#context, synced, asked, this.#patch);
    this.#note(this.#put, collection.name, visible);
    const same = ids.filter((id) => held.has(id) && !changed.has(id));
    const kept = await visibleAmong(this.#reader, this.#context, synced, same);
    this.#drop(
      collection.name,
      [...held].filter((id) => !this.#put.get(collection.name)?.has(id) && !kept.has(id)),
    );
  }

  async #goThrough(): Promise<void> {
    for (const synced of this.#set.collections.values()) {
      const { name } = synced.collection;
      for (let scan = this.#scans.get(name); scan && !this.#patch.isFull; scan = this.#scans.get(name)) {
        const { rest, put, gone } = await scanOn(
          this.#reader,
          this.#context,
          this.#group.id,
          synced,
          scan,
          this.#patch,
          (id) => this.#put.get(name)?.has(id) === true,
        );
        this.#note(this.#put, name, put);
        this.#drop(name, gone);
        if (rest) this.#scans.set(name, rest);
        else this.#scans.delete(name);
        // Other requests are answered between two steps.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** Nobody knows what has changed. */
  #scanAll(): void {
    for (const name of this.#set.collections.keys()) this.#scan(name, this.#next);
  }

  #scan(name: string, since: number): void {
    const under = this.#scans.get(name);
    this.#scans.set(name, { after: "", since: Math.max(since, under?.since ?? 0) });
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

/** A collection that was deleted and made again, or a field of it, may look the same now: its records are others. */
const isRemade = ({ collection, record, action, before, after }: Change, id: string): boolean =>
  collection === COLLECTIONS && String(record) === id && (action !== "update" || before["fields"] !== after["fields"]);

const PRINTS = z.record(z.string(), z.object({ look: z.string(), sight: z.string() }));
