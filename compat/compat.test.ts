import { describe, expect, test } from "bun:test";
import { FAMILIES, SHORT_FAMILIES } from "./families/all.ts";
import { KNOWN_DIFFERENCES, knownDifference } from "./known-differences.ts";
import { NORMALISED } from "./lib/normalise.ts";
import { readRecording } from "./lib/recordings.ts";

const PAGE = await Bun.file(new URL("../docs/compatibility.md", import.meta.url)).text();
const count = FAMILIES.reduce((sum, { scenarios }) => sum + scenarios.length, 0);

describe("scenarios", () => {
  test("are at least 800, and less than 0.5 % of them are known to differ", () => {
    const different = FAMILIES.flatMap(({ name, scenarios }) =>
      scenarios.filter((each) => knownDifference(name, each.name)),
    );
    expect(count).toBeGreaterThan(800);
    expect(different.length / count).toBeLessThan(0.005);
  });

  test.each(FAMILIES.map((family) => [family.name, family] as const))("of %s are all recorded", async (_, family) => {
    const recording = await readRecording(family);
    const missing = family.scenarios.filter(({ name, steps }) => recording.get(name)?.length !== steps.length);
    expect(missing.map(({ name }) => name)).toEqual([]);
    expect(recording.size).toBe(family.scenarios.length);
  });

  test("of the short run are some of all", () => {
    expect(SHORT_FAMILIES.filter((family) => !FAMILIES.includes(family))).toEqual([]);
  });
});

describe("known differences", () => {
  test.each(KNOWN_DIFFERENCES.map((difference) => [difference.key, difference] as const))(
    "%s is shown by scenarios and explained in docs/compatibility.md",
    (key, { scenarios, reason }) => {
      for (const [family, endings] of Object.entries(scenarios)) {
        const names = FAMILIES.find(({ name }) => name === family)?.scenarios.map(({ name }) => name) ?? [];
        for (const ending of endings) expect(names.filter((name) => name.endsWith(ending))).not.toEqual([]);
      }
      const row = PAGE.split("\n").find((line) => line.startsWith(`| \`${key}\``)) ?? "";
      expect(row.split("|")[2]?.trim()).toBe(reason);
    },
  );

  test("docs/compatibility.md names no others", () => {
    const rows = [...PAGE.matchAll(/^\| `([a-z0-9-]+)` /gm)].map(([, key]) => key!);
    expect(rows.sort()).toEqual(KNOWN_DIFFERENCES.map(({ key }) => key).sort());
  });

  test("docs/compatibility.md has the number of scenarios of each family", () => {
    for (const { name, scenarios } of FAMILIES) {
      const row = PAGE.split("\n").find((line) => line.split("|")[1]?.trim() === name);
      expect([name, row?.split("|")[2]?.trim()]).toEqual([name, String(scenarios.length)]);
    }
  });

  test("docs/compatibility.md names what is normalised", () => {
    const [, section = ""] = PAGE.split("## Normalised");
    const items = [...section.matchAll(/^- (.+)$/gm)].map(([, name]) => name);
    expect(items).toEqual([...NORMALISED]);
  });
});
