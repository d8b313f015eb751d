import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startSsePeer } from "../mutants/peers/sse-peer.ts";
import { Scope } from "../src/core/scope.ts";

setDefaultTimeout(60_000);

const source = (name: string): string => fileURLToPath(new URL(`../src/${name}`, import.meta.url));

const dist = await mkdtemp(join(tmpdir(), "conformance-dist-"));
const { success } = await Bun.build({
  entrypoints: [source("main.ts"), source("index.ts")],
  outdir: dist,
  target: "node",
});
afterAll(() => rm(dist, { recursive: true }));

async function node(...args: readonly string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn(["node", join(dist, "main.js"), ...args], { stdout: "pipe", stderr: "pipe" });
  const [code, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { code, output: stdout + stderr };
}

test("the build runs on Node", async () => {
  expect(success).toBe(true);
  const scope = new Scope();
  const { url } = await startSsePeer(scope, { heartbeatMs: 200 });
  const { code, output } = await node("sse", url, "--trigger", url, "--listen-ms", "300", "--heartbeat-ms", "500");
  await scope.close();
  expect(output).toMatch(/19 of 19 passed, 0 failed, .*Node /);
  expect(code).toBe(0);
});

test("bad usage exits with 2 on Node", async () => {
  expect(await node("sse")).toMatchObject({ code: 2, output: expect.stringContaining("missing required argument") });
});

test("Node can import the library", async () => {
  const script = `import * as kit from ${JSON.stringify(join(dist, "index.js"))}`;
  const child = Bun.spawn([
    "node",
    "--input-type=module",
    "-e",
    `${script}; console.log(kit.pocketbaseProfile.cases.length)`,
  ]);
  expect((await child.stdout.text()).trim()).toBe("25");
});
