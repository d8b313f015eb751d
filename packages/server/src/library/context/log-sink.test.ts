import { expect, test } from "bun:test";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mountSmallDisk } from "@headwater/testing/lib/small-disk.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { LogSink } from "./log-sink.ts";

const probe = mountSmallDisk(1);
probe?.[Symbol.dispose]();

const line = (number: number, filler = ""): string => `${JSON.stringify({ number, filler })}\n`;
const numbersIn = (text: string): number[] =>
  text
    .split("\n")
    .filter((each) => each !== "")
    .map((each) => (JSON.parse(each) as { readonly number: number }).number);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test("lines are written in order, and those that wait are at the end", () => {
  const path = join(testDir(), "log");
  const sink = new LogSink(openSync(path, "w"));
  for (const number of upTo(2_000)) sink.write(line(number));
  expect(readFileSync(path, "utf8").length).toBeGreaterThan(8_192);
  sink.flushSync();
  expect(numbersIn(readFileSync(path, "utf8"))).toEqual(upTo(2_000));
});

test.skipIf(!probe)("a full disk breaks no line, and what waits is written when there is room", async () => {
  using disk = mountSmallDisk(1)!;
  const path = join(disk.path, "log");
  const sink = new LogSink(openSync(path, "w"));
  for (const number of upTo(100)) sink.write(line(number, "x".repeat(100)));
  disk.fill();
  for (const number of upTo(1_000)) sink.write(line(100 + number, "x".repeat(100)));
  const size = readFileSync(path).length;
  disk.free();
  while (readFileSync(path).length === size) await Bun.sleep(20);
  sink.flushSync();
  expect(numbersIn(readFileSync(path, "utf8"))).toEqual(upTo(1_100));
});

test.skipIf(!probe)("what waits for a full disk is bounded, and the log says what it lost", async () => {
  using disk = mountSmallDisk(4)!;
  const path = join(disk.path, "log");
  const sink = new LogSink(openSync(path, "w"));
  disk.fill();
  for (const number of upTo(3_000)) sink.write(line(number, "x".repeat(1_000)));
  disk.free();
  while (readFileSync(path).length < 1 << 20) await Bun.sleep(20);
  sink.flushSync();
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const lost = JSON.parse(lines.at(-1)!) as { readonly lines: number };
  expect(lost).toMatchObject({ level: "warn", msg: "log lines were lost: they could not be written" });
  expect(lines.length - 1 + lost.lines).toBe(3_000);
});

test("a reader that is gone stops nothing", async () => {
  const script = `
    import { LogSink } from ${JSON.stringify(join(import.meta.dir, "log-sink.ts"))};
    const sink = new LogSink(1);
    for (let i = 0; i < 5000; i += 1) sink.write("x".repeat(100) + "\\n");
    setTimeout(() => { sink.write("y\\n"); sink.flushSync(); process.stderr.write("ended"); process.exit(0); }, 50);
  `;
  const child = Bun.spawn(["sh", "-c", '"$0" -e "$1" | head -c 1', process.execPath, script], {
    stdout: "ignore",
    stderr: "pipe",
  });
  expect(await child.stderr.text()).toBe("ended");
});
