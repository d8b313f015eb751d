/** One line of the table: a name for people and one for programs, how to write its numbers, and whether more is better. */
export interface Metric {
  readonly key: string;
  readonly name: string;
  readonly digits: number;
  readonly better: "more" | "less";
}

export interface Column {
  readonly server: string;
  readonly values: readonly number[];
  /** Lines that are text and have no ratio; the name serves people and programs. */
  readonly notes: readonly (readonly [name: string, text: string])[];
}

/** Metrics down, servers across, and beside each peer the ratio: above 1 the first server is the better one. */
export function formatTable(metrics: readonly Metric[], columns: readonly [Column, ...Column[]]): string {
  const [first, ...peers] = columns;
  const rows = [
    ["", first.server, ...peers.flatMap(({ server }) => [server, "ratio"])],
    ...metrics.map((metric, row) => [
      metric.name,
      write(first.values[row]!, metric),
      ...peers.flatMap(({ values }) => [write(values[row]!, metric), ratio(first.values[row]!, values[row]!, metric)]),
    ]),
    ...first.notes.map(([name, text], row) => [name, text].concat(peers.flatMap(({ notes }) => [notes[row]![1], ""]))),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column]!, column === 0))
        .join("   ")
        .trimEnd(),
    )
    .join("\n");
}

const pad = (cell: string, width: number, left: boolean): string => (left ? cell.padEnd(width) : cell.padStart(width));

const write = (value: number, { digits }: Metric): string =>
  Number.isFinite(value)
    ? value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    : "-";

function ratio(ours: number, theirs: number, { better }: Metric): string {
  const value = better === "more" ? ours / theirs : theirs / ours;
  return Number.isFinite(value) ? `${value.toFixed(value < 10 ? 2 : 0)}x` : "-";
}
