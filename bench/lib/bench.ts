import type { Column, Metric } from "./table.ts";

/** What a bench measured; `broken` says which promise our server did not keep while it ran. */
export interface Report {
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly columns: readonly [Column, ...Column[]];
  readonly legend: readonly string[];
  readonly broken: readonly string[];
}

/** A whole number on the command line. */
export interface NumberOption {
  readonly help: string;
  readonly standard: number;
  readonly least: number;
}

export interface Bench<Name extends string = string> {
  readonly summary: string;
  readonly options: Readonly<Record<Name, NumberOption>>;
  run(values: Readonly<Record<Name, number>>): Promise<Report>;
}

/** Runs the measurement for one server after the other: they never share the machine. */
export async function measureEach<Target extends AsyncDisposable>(
  starts: readonly (() => Promise<Target>)[],
  measure: (target: Target) => Promise<Column>,
): Promise<[Column, ...Column[]]> {
  const columns: Column[] = [];
  for (const start of starts) {
    await using target = await start();
    columns.push(await measure(target));
  }
  const [first, ...peers] = columns;
  if (first === undefined) throw new Error("nothing to measure");
  return [first, ...peers];
}
