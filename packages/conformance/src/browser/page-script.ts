import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The page's script: the build next to this file, or bundled from source by Bun. */
export async function pageScript(): Promise<string> {
  if (existsSync(path("./page.js"))) return readFile(path("./page.js"), "utf8");
  const { outputs } = await Bun.build({ entrypoints: [path("./page.ts")], target: "browser" });
  return outputs[0]!.text();
}
