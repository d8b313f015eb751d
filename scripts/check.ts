/** Runs every check except the tests: types, lint, format, dead code, client package, lock file. */
import { $ } from "bun";

const steps: readonly (readonly [string, () => Promise<{ exitCode: number }>])[] = [
  ["types", () => $`tsc -p .`.nothrow()],
  ["lint", () => $`oxlint --type-aware --deny-warnings`.nothrow()],
  ["format", () => $`bun fmt --check .`.nothrow()],
  ["dead code", () => $`bun --bun knip`.nothrow()],
  ["client package", () => $`bun run ${new URL("check-client.ts", import.meta.url).pathname}`.nothrow()],
  ["lock file", () => $`bun run ${new URL("check-lock.ts", import.meta.url).pathname}`.nothrow()],
];

let failed = 0;
for (const [name, run] of steps) {
  console.log(`# ${name}`);
  if ((await run()).exitCode !== 0) failed += 1;
}
console.log(failed === 0 ? "all checks passed" : `${failed} of ${steps.length} checks failed`);
process.exit(failed === 0 ? 0 : 1);
