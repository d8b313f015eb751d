import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Report } from "../src/index.ts";
import { Scope } from "../src/core/scope.ts";
import { type SsePeerOptions, startSsePeer } from "../mutants/peers/sse-peer.ts";

setDefaultTimeout(30_000);

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const CLIENT_PROGRAM = fileURLToPath(new URL("fixtures/client-program.ts", import.meta.url));

async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([process.execPath, MAIN, ...args], { stdout: "pipe", stderr: "pipe" });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, stdout, stderr };
}

async function runSse(options: Partial<SsePeerOptions>, ...args: readonly string[]): ReturnType<typeof run> {
  const scope = new Scope();
  const { url } = await startSsePeer(scope, { heartbeatMs: 200, ...options });
  try {
    return await run(
      "sse",
      url,
      "--trigger",
      url,
      "--listen-ms",
      "300",
      "--heartbeat-ms",
      "500",
      "--patience-ms",
      "2000",
      ...args,
    );
  } finally {
    await scope.close();
  }
}

test.concurrent("help lists every profile", async () => {
  const { code, stdout } = await run("--help");
  expect(code).toBe(0);
  for (const name of ["sse", "pocketbase", "client"]) expect(stdout).toContain(`\n  ${name} `);
});

for (const [what, args] of [
  ["no command", []],
  ["an unknown command", ["websocket"]],
  ["no URL", ["sse"]],
  ["an invalid URL", ["sse", "localhost"]],
  ["no superuser", ["pocketbase", "http://127.0.0.1:1"]],
  ["a superuser without a password", ["pocketbase", "http://127.0.0.1:1", "--superuser", "root@example.com"]],
  ["no client", ["client"]],
] as const) {
  test.concurrent(`${what} is bad usage`, async () => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).not.toBe("");
  });
}

test.concurrent("a correct server passes case by case", async () => {
  const { code, stdout } = await runSse({});
  expect(stdout).toMatch(/19 of 19 passed, 0 failed, 0 not offered/);
  expect(stdout).toContain("  pass  the stream is valid UTF-8");
  expect(code).toBe(0);
});

test.concurrent("a failure shows the sentence and the events", async () => {
  const { code, stdout } = await runSse({ faults: { replay: () => [] } });
  expect(code).toBe(1);
  expect(stdout).toContain("FAIL  Last-Event-ID replays what came after it, once and in order");
  expect(stdout).toMatch(/WHATWG HTML 9\.2\.4: “The `Last-Event-ID` HTTP request header/);
  expect(stdout).toMatch(/\+\d+ ms \[replayed\] 200 text\/event-stream/);
  expect(stdout).toContain("the last bytes:");
  expect(stdout).toContain('[replayed] "\\n"');
});

test.concurrent("reports are written as JSON and as JUnit XML", async () => {
  const folder = await mkdtemp(join(tmpdir(), "conformance-cli-"));
  const [json, junit] = [join(folder, "report.json"), join(folder, "report.xml")];
  const args = ["--format", "json", "--json-file", json, "--junit-file", junit, "--only", "Format"];
  const { code, stdout } = await runSse({ greeting: { raw: "retry:<3s>\n\n" } }, ...args);
  expect(code).toBe(1);
  const report = JSON.parse(stdout) as Report & { readonly tally: unknown };
  expect(report.tally).toEqual({ passed: 5, failed: 1, "not-offered": 0 });
  expect(JSON.parse(readFileSync(json, "utf8"))).toEqual(report);
  const xml = readFileSync(junit, "utf8");
  expect(xml).toContain('<testsuites tests="6" failures="1" skipped="0">');
  expect(xml).toMatch(/<property name="sentence" value="WHATWG HTML 9\.2\.6: If the field value consists of only/);
  expect(xml).toMatch(/last bytes first: &quot;retry:&lt;3s&gt;/);
  expect(xml).toMatch(/<failure message="[^"]+retry:&lt;3s&gt;[^"]+">/);
  await rm(folder, { recursive: true });
});

test.concurrent("bail stops at the first failure", async () => {
  const { code, stdout } = await runSse({ headers: { "content-type": "text/plain" } }, "--bail");
  expect(code).toBe(1);
  expect(stdout).toMatch(/1 of 2 passed, 1 failed/);
});

test.concurrent("list shows the cases and their sentences, and needs no server", async () => {
  const { code, stdout } = await run("version", "--list", "--only", "heartbeat");
  expect(code).toBe(0);
  expect(stdout).toContain("Version stream: Given heartbeat timing, When measuring intervals");
  expect(stdout).toContain("SSE Baseline Testing Infrastructure 15: “Tests validate heartbeat exists");
  expect(stdout).not.toContain("Given version event");
  expect((await run("nothing", "--list")).code).toBe(2);
});

test.concurrent("any program can be tested as a client", async () => {
  const program = `${process.execPath} ${CLIENT_PROGRAM}`;
  const { code, stdout } = await run("client", "--states", "--command", program, "--only", "last event id");
  expect(stdout).toContain("1 of 1 passed");
  expect(code).toBe(0);
});
