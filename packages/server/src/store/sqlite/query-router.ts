import { LRUCache } from "lru-cache";
import { cpuMs } from "../../lib/scheduling/cpu-time.ts";
import { type Query, type Row, type Sql, toQuery } from "../sql.ts";
import type { QueryOwner, Reader, SnapshotReader } from "../store.ts";
import type { Connection } from "./connection.ts";
import { costOf } from "./query-cost.ts";
import { type QueryPlan, readPlan } from "./query-plan.ts";
import type { ReaderPool } from "./reader-pool.ts";
import type { Weight } from "./reader-queue.ts";
import type { Snapshots } from "./snapshots.ts";
import type { TableStatistics } from "./table-statistics.ts";

/** Steps that a statement may take on this thread: about 5 ms. */
const MAX_STEPS_HERE = 20_000;
/** Steps that a light query may take: about a second. */
const MAX_LIGHT_STEPS = 5_000_000;
/** A statement that took so much CPU, so often, goes to the readers for a while, whatever its cost is thought to be. */
const SLOW_MS = 20;
const SLOW_TIMES = 3;
const SLOW_FOR_MS = 60_000;
/** What takes no more steps always stays here, and isn't timed. */
const TINY_STEPS = 4_000;
const MAX_TEXTS = 2_000;
/** Texts whose uses are known and returned. */
const MAX_FORMER = 200;
/** Values are kept of the first of so many uses, if their texts are no longer than that. */
const USES_PER_SAMPLE = 64;
const MAX_SAMPLE = 2_000;

/** A statement that clients caused, with the values of one of its uses. */
export interface QueryUse {
  readonly text: string;
  readonly values: Query["values"];
  readonly uses: number;
}

/** What is known of all statements with the same text. Values are bound, so they have the same plan. */
interface Shape {
  /** `undefined` for a statement that can't run: SQLite says why, at once. */
  readonly plan: QueryPlan | undefined;
  /** How often it was run, and the values of one of the uses, unless they are large: for advice on indexes. */
  uses: number;
  values: Query["values"] | undefined;
  slowTimes: number;
  slowUntil: number;
}

/** Thrown out of a work that began here and starts again in a reader. */
class TooExpensive extends Error {
  override readonly name = "TooExpensive";

  constructor(readonly weight: Weight) {
    super("too expensive for this thread");
  }
}

export interface QueryRouterOptions {
  readonly connection: Connection;
  readonly snapshots: Snapshots;
  readonly statistics: TableStatistics;
  readonly pool: ReaderPool;
}

/** Runs what is cheap for certain on this thread, where it is fastest, and what may be expensive in a reader. */
export class QueryRouter {
  readonly #options: QueryRouterOptions;
  #views: readonly { readonly name: string; readonly definition: string }[] | undefined;
  readonly #shapes = new LRUCache<string, Shape>({ max: MAX_TEXTS });
  /** Uses of texts whose shapes were forgotten. */
  readonly #former = new LRUCache<string, QueryUse>({ max: MAX_FORMER });

  constructor(options: QueryRouterOptions) {
    this.#options = options;
  }

  for(owner: QueryOwner): SnapshotReader {
    return {
      all: (statement) => {
        const query = toQuery(statement);
        return this.#one(owner, query, all, (reader) => reader.all(query));
      },
      first: (statement) => {
        const query = toQuery(statement);
        return this.#one(owner, query, first, (reader) => reader.first(query));
      },
      read: (work) => this.#read(owner, work),
    };
  }

  /** What was run for clients since the start, other than what is always cheap. Rarely used texts may be missing. */
  uses(): readonly QueryUse[] {
    const now = new Map(this.#former.entries());
    for (const [text, { uses, values, plan }] of this.#shapes.entries()) {
      if (!plan || !values) continue;
      now.set(text, { text, values, uses: uses + (this.#former.peek(text)?.uses ?? 0) });
    }
    return [...now.values()].toSorted((a, b) => b.uses - a.uses).slice(0, MAX_FORMER);
  }

  /** Call it when tables have changed. */
  forget(): void {
    for (const use of this.uses()) this.#former.set(use.text, use);
    this.#shapes.clear();
    this.#views = undefined;
    this.#options.statistics.forget();
  }

  async #one<T>(
    owner: QueryOwner,
    query: Query,
    here: (connection: Connection, query: Query) => T,
    inReader: (reader: Reader) => Promise<T>,
  ): Promise<T> {
    const { connection, pool } = this.#options;
    const shape = this.#shapeOf(query);
    const weight = this.#weigh(shape, query);
    if (weight === "tiny") return here(connection, query);
    return weight ? pool.read(owner, weight, inReader) : timed(shape, () => here(connection, query));
  }

  async #read<T>(owner: QueryOwner, work: (reader: Reader) => Promise<T>): Promise<T> {
    const { snapshots, pool } = this.#options;
    try {
      return await snapshots.use((connection) => work(this.#guarded(connection)));
    } catch (error) {
      if (!(error instanceof TooExpensive)) throw error;
      return pool.read(owner, error.weight, work);
    }
  }

  #guarded(connection: Connection): Reader {
    const guard = <T>(statement: Sql | Query, run: (connection: Connection, query: Query) => T): T => {
      const query = toQuery(statement);
      const shape = this.#shapeOf(query);
      const weight = this.#weigh(shape, query);
      if (weight === "tiny") return run(connection, query);
      if (weight) throw new TooExpensive(weight);
      return timed(shape, () => run(connection, query));
    };
    return { all: async (statement) => guard(statement, all), first: async (statement) => guard(statement, first) };
  }

  /** @returns `undefined` for what runs here */
  #weigh({ plan, slowUntil }: Shape, query: Query): Weight | "tiny" | undefined {
    if (!plan) return "tiny";
    const { statistics } = this.#options;
    let steps = costOf(plan, statistics, query);
    if (steps > MAX_STEPS_HERE && statistics.refresh(plan.tables)) steps = costOf(plan, statistics, query);
    if (steps <= TINY_STEPS) return "tiny";
    if (steps > MAX_LIGHT_STEPS) return "heavy";
    return steps > MAX_STEPS_HERE || (slowUntil > 0 && slowUntil > performance.now()) ? "light" : undefined;
  }

  #shapeOf({ text, values }: Query): Shape {
    let shape = this.#shapes.get(text);
    if (!shape) {
      shape = { plan: this.#planOf(text), uses: 0, values: undefined, slowTimes: 0, slowUntil: 0 };
      this.#shapes.set(text, shape);
    }
    if (shape.uses % USES_PER_SAMPLE === 0) shape.values = ifSmall(values);
    shape.uses += 1;
    return shape;
  }

  #planOf(text: string): QueryPlan | undefined {
    const { connection } = this.#options;
    try {
      const lines = connection.explain(text);
      this.#views ??= connection
        .all({ text: "SELECT name, sql FROM sqlite_schema WHERE type = 'view'", values: [] })
        .map(({ name, sql }) => ({ name: `"${String(name)}"`, definition: String(sql) }));
      const views = this.#views.filter(({ name }) => text.includes(name));
      return readPlan(
        text,
        lines,
        views.map(({ definition }) => definition),
      );
    } catch {
      return undefined;
    }
  }
}

const all = (connection: Connection, query: Query): Row[] => connection.all(query);
const first = (connection: Connection, query: Query): Row | undefined => connection.first(query);

/** By CPU, as any statement takes long on a busy machine. */
function timed<T>(shape: Shape, run: () => T): T {
  const before = cpuMs();
  try {
    return run();
  } finally {
    if (cpuMs() - before > SLOW_MS && (shape.slowTimes += 1) >= SLOW_TIMES) {
      shape.slowTimes = 0;
      shape.slowUntil = performance.now() + SLOW_FOR_MS;
    }
  }
}

function ifSmall(values: Query["values"]): Query["values"] | undefined {
  let size = 0;
  for (const value of values) size += typeof value === "string" || value instanceof Uint8Array ? value.length : 0;
  return size <= MAX_SAMPLE ? values : undefined;
}
