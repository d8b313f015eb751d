/** The lock must work on every platform (`npm ci` refuses one that lacks an optional package) and name no registry. */
interface LockEntry {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}
const lock = (await Bun.file("package-lock.json").json()) as { readonly packages: Readonly<Record<string, LockEntry>> };
const present = new Set(Object.keys(lock.packages).map((path) => path.split("node_modules/").pop()));

const problems = Object.entries(lock.packages).flatMap(([path, entry]) => [
  ...Object.keys(entry.optionalDependencies ?? {})
    .filter((name) => !present.has(name))
    .map((name) => `${path} needs ${name}, which is not in the lock`),
  ...(entry.resolved?.includes("://") ? [`${path} names a registry: ${entry.resolved}`] : []),
]);
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
