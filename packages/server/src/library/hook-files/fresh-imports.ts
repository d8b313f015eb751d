import { dirname, sep } from "node:path";

/** Folders whose modules are reloaded, and how often that has happened. */
const versions = new Map<string, number>();

/**
 * Makes imports load all modules of a folder again, also those that other modules of the folder import. Bun caches a
 * module that failed to link by its path for good, so each call gives the modules new paths.
 *
 * @returns a function that imports a file of the folder
 */
export function freshImports(dir: string): (file: string) => Promise<unknown> {
  if (versions.size === 0) Bun.plugin({ name: "headwater-fresh-modules", setup: resolveFresh });
  const version = (versions.get(dir) ?? 0) + 1;
  versions.set(dir, version);
  for (const path of Object.keys(require.cache)) if (folderOf(path) === dir) delete require.cache[path];
  return (file) => import(`${file}?${version}`) as Promise<unknown>;
}

function resolveFresh(build: Bun.PluginBuilder): void {
  build.onResolve({ filter: /^\.{1,2}\// }, ({ path, importer }) => {
    const dir = folderOf(importer);
    if (dir === undefined) return undefined;
    const resolved = Bun.resolveSync(path, dirname(importer));
    return folderOf(resolved) === dir ? { path: `${resolved}?${versions.get(dir)}`, namespace: "file" } : undefined;
  });
}

/** Packages are not reloaded: they don't change while the server runs. */
const folderOf = (path: string): string | undefined =>
  path.includes(`${sep}node_modules${sep}`)
    ? undefined
    : [...versions.keys()].find((dir) => path.startsWith(dir + sep));
