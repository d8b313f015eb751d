/** Builds the published form of packages/client: ESM and types, with eventsource-parser as the only dependency. */
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "bun";

const ROOT = join(import.meta.dir, "..");
const CLIENT = join(ROOT, "packages/client");

export const CLIENT_DIST = join(CLIENT, "dist");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: object;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (name: string): Promise<Manifest> =>
  Bun.file(join(ROOT, "packages", name, "package.json")).json() as Promise<Manifest>;

/** Builds `packages/client/dist`, the folder to pass to `npm publish`. */
export async function buildClient(): Promise<void> {
  await rm(CLIENT_DIST, { recursive: true, force: true });
  await Promise.all([buildCode(CLIENT_DIST), buildTypes()]);
  await Bun.write(join(CLIENT_DIST, "package.json"), `${JSON.stringify(await publishedManifest(), null, 2)}\n`);
  await cp(join(CLIENT, "README.md"), join(CLIENT_DIST, "README.md"));
  await cp(join(ROOT, "LICENSE"), join(CLIENT_DIST, "LICENSE"));
}

export async function buildCode(outdir: string): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: [join(CLIENT, "src/index.ts")],
    outdir,
    target: "browser",
    external: ["eventsource-parser"],
    splitting: true,
    sourcemap: "linked",
    naming: { chunk: "[name]-[hash].[ext]" },
  });
  if (!success) throw new AggregateError(logs, "building the client failed");
}

async function buildTypes(): Promise<void> {
  const types = join(CLIENT_DIST, "types");
  await mkdir(types, { recursive: true });
  await Bun.write(
    join(types, "tsconfig.json"),
    JSON.stringify({
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        stripInternal: true,
        rootDir: join(ROOT, "packages"),
        outDir: types,
        paths: { "@headwater/protocol": [join(ROOT, "packages/protocol/src/index.ts")] },
        typeRoots: [join(ROOT, "node_modules/@types")],
      },
      include: [],
      files: [join(CLIENT, "src/index.ts")],
    }),
  );
  await $`${join(ROOT, "node_modules/.bin/tsc")} -p ${types}`.quiet();
  await rm(join(types, "tsconfig.json"));
  for (const file of await readdir(types, { recursive: true })) {
    if (!file.endsWith(".d.ts")) continue;
    const path = join(types, file);
    await Bun.write(path, rewriteImports(await Bun.file(path).text(), file));
  }
}

/** Rewrites imports of sources in declarations to the published files. */
function rewriteImports(text: string, file: string): string {
  const root = "../".repeat(file.split("/").length - 1);
  return text
    .replaceAll(/(from "|import\(")(\.[^"]+)\.ts"/g, '$1$2.js"')
    .replaceAll(/(from "|import\(")@headwater\/protocol"/g, `$1${root}protocol/src/index.js"`);
}

async function publishedManifest(): Promise<object> {
  const [{ name, version, description, license, engines }, protocol] = await Promise.all([
    manifestOf("client"),
    manifestOf("protocol"),
  ]);
  return {
    name,
    version,
    description,
    license,
    type: "module",
    sideEffects: false,
    exports: { ".": { types: "./types/client/src/index.d.ts", default: "./index.js" } },
    types: "./types/client/src/index.d.ts",
    files: ["*.js", "*.js.map", "types", "README.md"],
    dependencies: { "eventsource-parser": protocol.dependencies!["eventsource-parser"] },
    engines,
  };
}

if (import.meta.main) await buildClient();
