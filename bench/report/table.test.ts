import { expect, test } from "bun:test";
import { formatTable, type Metric } from "./table.ts";

const METRICS: readonly Metric[] = [
  { key: "speed", name: "speed", digits: 0, better: "more" },
  { key: "cost", name: "cost", digits: 1, better: "less" },
];

test("a ratio above 1 means that the first server is better, for every metric", () => {
  const table = formatTable(METRICS, [
    { server: "ours", values: [20_000, 2], notes: [["exact", "yes"]] },
    { server: "theirs", values: [5000, 30], notes: [["exact", "no"]] },
  ]);
  expect(table.split("\n")).toEqual([
    "          ours   theirs   ratio",
    "speed   20,000    5,000   4.00x",
    "cost       2.0     30.0     15x",
    "exact      yes       no",
  ]);
});

test("a server without peers has no ratio, and a missing value is a dash", () => {
  const table = formatTable(METRICS, [{ server: "ours", values: [1, Number.NaN], notes: [] }]);
  expect(table.split("\n")).toEqual(["        ours", "speed      1", "cost       -"]);
});
