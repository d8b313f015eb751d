/** One row of the table: its key in JSON, its name in the table, how to format its values, and which way is better. */
export interface Metric {
  readonly key: string;
  readonly name: string;
  readonly digits: number;
  readonly better: "more" | "less";
}

export interface Column {
  readonly server: string;
  readonly values: readonly number[];
  /** Text rows without a ratio. The name is also the key in JSON. */
  readonly notes: readonly (readonly [name: string, text: string])[];
}

/** Metrics as rows, servers as columns, and beside each peer its ratio: above 1, the first server is better. */
export function formatTable(metrics: readonly Metric[], columns: readonly [Column, ...Column[]]): string {
  const [first, ...peers] = columns;
  const rows = [
    ["", first.server, ...peers.flatMap(({ server }) => [server, "ratio"])],
    ...metrics.map((metric, row) => [
      metric.name,
      format(first.values[row]!, metric),
      ...peers.flatMap(({ values }) => [format(values[row]!, metric), ratio(first.values[row]!, values[row]!, metric)]),
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

const format = (value: number, { digits }: Metric): string =>
  Number.isFinite(value)
    ? value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    : "-";

function ratio(ours: number, theirs: number, { better }: Metric): string {
  const value = better === "more" ? ours / theirs : theirs / ours;
  return Number.isFinite(value) ? `${value.toFixed(value < 10 ? 2 : 0)}x` : "-";
}
