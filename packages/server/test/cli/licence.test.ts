import { expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";

const ROOT = join(import.meta.dir, "../../../..");
const packages = [...new Glob("packages/*/package.json").scanSync(ROOT)].map((path) => join(ROOT, path, ".."));

test.each([ROOT, ...packages])("%s names its licence and has its text", async (folder) => {
  const { license } = (await Bun.file(join(folder, "package.json")).json()) as { readonly license?: string };
  expect(license).toBe("MIT");
  expect(await Bun.file(join(folder, "LICENSE")).text()).toBe(await Bun.file(join(ROOT, "LICENSE")).text());
});
