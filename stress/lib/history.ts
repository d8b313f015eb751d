import type { LogEntry } from "@headwater/testing/servers/read-database.ts";
import type { Rule, Stored, Values, Viewer } from "./rules.ts";

/** The identity a client claims: its token was issued while its record held this token key. */
export interface Identity {
  readonly kind: "guest" | "user" | "superuser";
  readonly id: string;
  readonly tokenKey: string;
}

export const GUEST: Identity = { kind: "guest", id: "", tokenKey: "" };

/** A rule edited during the scenario, with the seq from which it applies. */
export interface RuleChange {
  readonly seq: number;
  readonly collection: string;
  readonly rule: Rule;
}

interface Version {
  readonly seq: number;
  readonly values: Values | null;
}

/** Changes to these collections decide who may see other changes. */
const ACCESS_COLLECTIONS: ReadonlySet<string> = new Set(["users", "rooms", "passes", "_collections"]);

/** Answers, for any seq in the log, what was stored, who each client was and which rule applied. */
export class History {
  readonly entries: readonly LogEntry[];
  readonly #rules: Readonly<Record<string, Rule>>;
  readonly #ruleChanges: readonly RuleChange[];
  readonly #versions = new Map<string, Map<string, Version[]>>();
  readonly #accessSeqs: readonly number[];
  readonly #changes: ReadonlyMap<string, readonly LogEntry[]>;
  /** For each entry, the earliest time among it and all later entries: ascending even if the clock jumped. */
  readonly #times: number[];

  /** @param rules those that apply before the first rule change */
  constructor(
    entries: readonly LogEntry[],
    rules: Readonly<Record<string, Rule>>,
    ruleChanges: readonly RuleChange[] = [],
  ) {
    this.entries = entries;
    this.#rules = rules;
    this.#ruleChanges = ruleChanges;
    const accessChanges = entries.filter(({ collection }) => ACCESS_COLLECTIONS.has(collection));
    this.#changes = Map.groupBy(entries, ({ collection, record }) => `${collection}/${record}`);
    this.#accessSeqs = accessChanges.map(({ seq }) => seq);
    this.#times = entries.map(({ time }) => time);
    for (let i = entries.length - 2; i >= 0; i -= 1) this.#times[i] = Math.min(this.#times[i]!, this.#times[i + 1]!);
    for (const { collection, record, seq, after } of accessChanges) {
      const records = this.#versions.getOrInsertComputed(collection, () => new Map<string, Version[]>());
      records.getOrInsertComputed(record, () => []).push({ seq, values: after });
    }
  }

  /** The seqs at which the server may have evaluated a change: its own, and each later access change up to `until`. */
  evaluationPoints(seq: number, until: number): number[] {
    return [seq, ...this.#accessSeqs.filter((accessSeq) => accessSeq > seq && accessSeq <= until)];
  }

  /** The seq of the newest change made by that time, in milliseconds since 1970. */
  headAt(time: number): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return this.entries[low - 1]?.seq ?? 0;
  }

  /** The last change of a record up to that seq. */
  lastChange(collection: string, record: string, atSeq: number): LogEntry | undefined {
    return this.#changes.get(`${collection}/${record}`)?.findLast(({ seq }) => seq <= atSeq);
  }

  /** The changes of the same record that came after this one, up to that seq. */
  laterChanges({ collection, record, seq }: LogEntry, atSeq: number): readonly LogEntry[] {
    const changes = this.#changes.get(`${collection}/${record}`) ?? [];
    return changes.filter((change) => change.seq > seq && change.seq <= atSeq);
  }

  ruleAt(collection: string, atSeq: number): Rule {
    const change = this.#ruleChanges.findLast((each) => each.collection === collection && each.seq <= atSeq);
    return change?.rule ?? this.#rules[collection]!;
  }

  /** A token is invalid once its owner is deleted or has another token key. */
  viewerAt({ kind, id, tokenKey }: Identity, atSeq: number): Viewer {
    if (kind === "superuser") return { kind, auth: {} };
    const auth = kind === "user" ? this.#recordAt("users", id, atSeq) : undefined;
    return auth?.["tokenKey"] === tokenKey ? { kind, auth } : { kind: "guest", auth: {} };
  }

  storedAt(atSeq: number): Stored {
    return {
      record: (collection, id) => this.#recordAt(collection, String(id), atSeq),
      all: (collection) => {
        const ids = [...(this.#versions.get(collection)?.keys() ?? [])];
        return ids.map((id) => this.#recordAt(collection, id, atSeq)).filter((values) => values !== undefined);
      },
    };
  }

  #recordAt(collection: string, id: string, atSeq: number): Values | undefined {
    const versions = this.#versions.get(collection)?.get(id);
    return versions?.findLast(({ seq }) => seq <= atSeq)?.values ?? undefined;
  }
}
