/** Checks that the lock works on every platform (`npm ci` fails if an optional package is missing) and names no registry. */
interface LockEntry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const lock = (await Bun.file("package-lock.json").json()) as { readonly packages: Readonly<Record<string, LockEntry>> };
const present = new Set(Object.keys(lock.packages).map((path) => path.split("node_modules/").pop()));

const problems = Object.entries(lock.packages).flatMap(([path, entry]) => [
  ...Object.keys(entry.optionalDependencies ?? {})
    .filter((name) => !present.has(name))
    .map((name) => `${path} needs ${name}, which is missing from package-lock.json`),
  ...(entry.resolved?.includes("://") ? [`${path} has a registry URL: ${entry.resolved}`] : []),
]);
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
