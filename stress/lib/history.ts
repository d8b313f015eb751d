import type { LogEntry } from "@headwater/testing/servers/read-database.ts";
import type { Rule, Stored, Values, Viewer } from "./rules.ts";

/** Who a client says it is: with a token that was made when its record held this key. */
export interface Identity {
  readonly kind: "guest" | "user" | "superuser";
  readonly id: string;
  readonly tokenKey: string;
}

export const GUEST: Identity = { kind: "guest", id: "", tokenKey: "" };

/** A rule that was put in force while the scenario ran, and where in the log. */
export interface RuleChange {
  readonly seq: number;
  readonly collection: string;
  readonly rule: Rule;
}

interface Version {
  readonly seq: number;
  readonly values: Values | null;
}

/** Changes of these decide who may see changes of others. */
const DECISIVE: ReadonlySet<string> = new Set(["users", "rooms", "passes", "_collections"]);

/** The log as a film: what was stored, who was who and which rule held at each of its places. */
export class History {
  readonly entries: readonly LogEntry[];
  readonly #rules: Readonly<Record<string, Rule>>;
  readonly #ruleChanges: readonly RuleChange[];
  readonly #versions = new Map<string, Map<string, Version[]>>();
  readonly #turns: readonly number[];
  /** For each entry the earliest time among it and all behind it: ascending, wherever the clock jumped. */
  readonly #times: number[];

  /** @param rules those in force before the first of the changes */
  constructor(
    entries: readonly LogEntry[],
    rules: Readonly<Record<string, Rule>>,
    ruleChanges: readonly RuleChange[] = [],
  ) {
    this.entries = entries;
    this.#rules = rules;
    this.#ruleChanges = ruleChanges;
    const decisive = entries.filter(({ collection }) => DECISIVE.has(collection));
    this.#turns = decisive.map(({ seq }) => seq);
    this.#times = entries.map(({ time }) => time);
    for (let i = entries.length - 2; i >= 0; i -= 1) this.#times[i] = Math.min(this.#times[i]!, this.#times[i + 1]!);
    for (const { collection, record, seq, after } of decisive) {
      const records = this.#versions.getOrInsertComputed(collection, () => new Map<string, Version[]>());
      records.getOrInsertComputed(record, () => []).push({ seq, values: after });
    }
  }

  /** The moments at which a change could be judged: its own place, and all later ones until then that decide anything. */
  evaluationPoints(seq: number, until: number): number[] {
    return [seq, ...this.#turns.filter((turn) => turn > seq && turn <= until)];
  }

  /** The newest change that was made by that time, in milliseconds since 1970. */
  headAt(time: number): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return this.entries[low - 1]?.seq ?? 0;
  }

  ruleAt(collection: string, moment: number): Rule {
    const change = this.#ruleChanges.findLast((each) => each.collection === collection && each.seq <= moment);
    return change?.rule ?? this.#rules[collection]!;
  }

  /** A token is worth nothing once its owner is gone or has another key. */
  viewerAt({ kind, id, tokenKey }: Identity, moment: number): Viewer {
    if (kind === "superuser") return { kind, auth: {} };
    const auth = kind === "user" ? this.#recordAt("users", id, moment) : undefined;
    return auth?.["tokenKey"] === tokenKey ? { kind, auth } : { kind: "guest", auth: {} };
  }

  storedAt(moment: number): Stored {
    return {
      record: (collection, id) => this.#recordAt(collection, String(id), moment),
      all: (collection) => {
        const ids = [...(this.#versions.get(collection)?.keys() ?? [])];
        return ids.map((id) => this.#recordAt(collection, id, moment)).filter((values) => values !== undefined);
      },
    };
  }

  #recordAt(collection: string, id: string, moment: number): Values | undefined {
    const versions = this.#versions.get(collection)?.get(id);
    return versions?.findLast(({ seq }) => seq <= moment)?.values ?? undefined;
  }
}
