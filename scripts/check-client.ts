/** Holds the client, as it is published, to its size, its packaging and the runtimes that it promises. */
import { join } from "node:path";
import { $, type BunPlugin } from "bun";
import { buildClient, CLIENT_DIST } from "./build-client.ts";

/** Bytes, minified and compressed, with eventsource-parser. */
const LIMITS = {
  /** Connections, the stream, subscriptions: all but records, live lists, sign-in and the official SDK's calls. */
  realtime: 12_000,
  all: 17_500,
  /** What comes on top where it is used: the WebSocket, and what tabs share a connection by. */
  onDemand: 5_000,
};

/** @param file of the client, with all that it imports */
async function sizeOf(file: string, { withOnDemand = false } = {}): Promise<number> {
  const { outputs } = await Bun.build({
    entrypoints: [join(CLIENT_DIST, "../src", file)],
    target: "browser",
    minify: true,
    ...(!withOnDemand && { plugins: [withoutDynamicImports] }),
  });
  return Bun.gzipSync(Buffer.from(await outputs[0]!.text()), { level: 9 }).length;
}

/** What is imported by a function is no part of the file: bundlers put it into one of its own. */
const withoutDynamicImports: BunPlugin = {
  name: "without dynamic imports",
  setup(build) {
    build.onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

const problems: string[] = [];

function expectAtMost(what: string, bytes: number, limit: number): void {
  console.log(`${what}: ${bytes} bytes of at most ${limit}`);
  if (bytes > limit) problems.push(`${what} is too large`);
}

async function expectSuccess(what: string, run: Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }>) {
  const { exitCode, stdout, stderr } = await run;
  if (exitCode !== 0) problems.push(`${what}:\n${stdout.toString()}${stderr.toString()}`);
}

await buildClient();
const all = await sizeOf("index.ts");
expectAtMost("the realtime part", await sizeOf("create-realtime.ts"), LIMITS.realtime);
expectAtMost("the whole client", all, LIMITS.all);
expectAtMost("what is loaded on demand", (await sizeOf("index.ts", { withOnDemand: true })) - all, LIMITS.onDemand);
await expectSuccess("publint", $`publint --strict ${CLIENT_DIST}`.nothrow().quiet());
await expectSuccess("are the types wrong", $`attw --pack ${CLIENT_DIST} --profile esm-only`.nothrow().quiet());
for (const problem of problems) console.log(problem);
process.exit(problems.length === 0 ? 0 : 1);
