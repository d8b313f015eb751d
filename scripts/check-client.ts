/** Checks the published client: size limits, packaging and type declarations. */
import { join } from "node:path";
import { $, type BunPlugin } from "bun";
import { buildClient, CLIENT_DIST } from "./build-client.ts";

/** Bytes after minifying and gzip, including eventsource-parser. */
const LIMITS = {
  /** Connections, event stream and subscriptions, without records, live lists, sign-in and the official SDK's calls. */
  realtime: 12_080,
  /** With conditional writes, aggregates, trash and history, which are short calls of their own. */
  all: 17_800,
  /** Loaded only when used: the WebSocket transport and tab sharing. */
  onDemand: 5_000,
};

/** @returns the bundled size of a client source file with all its imports */
async function sizeOf(file: string, { withOnDemand = false } = {}): Promise<number> {
  const { outputs } = await Bun.build({
    entrypoints: [join(CLIENT_DIST, "../src", file)],
    target: "browser",
    minify: true,
    ...(!withOnDemand && { plugins: [withoutDynamicImports] }),
  });
  return Bun.gzipSync(Buffer.from(await outputs[0]!.text()), { level: 9 }).length;
}

/** Leaves out dynamic imports: bundlers put them into separate files. */
const withoutDynamicImports: BunPlugin = {
  name: "without dynamic imports",
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

const problems: string[] = [];

function expectAtMost(label: string, bytes: number, limit: number): void {
  console.log(`${label}: ${bytes} bytes, limit ${limit}`);
  if (bytes > limit) problems.push(`${label} is too large: ${bytes} bytes, limit ${limit}`);
}

async function expectSuccess(label: string, run: Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }>) {
  const { exitCode, stdout, stderr } = await run;
  if (exitCode !== 0) problems.push(`${label}:\n${stdout.toString()}${stderr.toString()}`);
}

await buildClient();
const all = await sizeOf("index.ts");
expectAtMost("realtime part", await sizeOf("create-realtime.ts"), LIMITS.realtime);
expectAtMost("whole client", all, LIMITS.all);
expectAtMost("on-demand part", (await sizeOf("index.ts", { withOnDemand: true })) - all, LIMITS.onDemand);
await expectSuccess("publint", $`publint --strict ${CLIENT_DIST}`.nothrow().quiet());
await expectSuccess("are the types wrong", $`attw --pack ${CLIENT_DIST} --profile esm-only`.nothrow().quiet());
for (const problem of problems) console.log(problem);
process.exit(problems.length === 0 ? 0 : 1);
