import type { Option, Values } from "./options.ts";
import type { Column, Metric } from "./table.ts";

/** The result of a bench; `failures` describes what Headwater did wrong during the run. */
export interface Report {
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly columns: Columns;
  readonly legend: readonly string[];
  readonly failures: readonly string[];
}

/** Headwater first, then the servers it is compared with. */
export type Columns = readonly [Column, ...Column[]];

export interface Bench<Options extends Readonly<Record<string, Option>> = Readonly<Record<string, Option>>> {
  readonly summary: string;
  readonly options: Options;
  run(values: Values<Options>): Promise<readonly Report[]>;
}

/** Measures one server after the other, so that they never run at the same time. */
export async function measureEach<Target extends AsyncDisposable>(
  starts: readonly (() => Promise<Target>)[],
  measure: (target: Target) => Promise<Column>,
): Promise<Columns> {
  const columns: Column[] = [];
  for (const start of starts) {
    await using target = await start();
    columns.push(await measure(target));
  }
  const [first, ...peers] = columns;
  if (first === undefined) throw new Error("nothing to measure");
  return [first, ...peers];
}
