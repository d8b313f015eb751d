import { readFile } from "node:fs/promises";

/** The page's program as one script: built beside this one, or bundled now, from source, by Bun. */
export async function pageScript(): Promise<string> {
  const built = new URL("./page.js", import.meta.url);
  if (typeof Bun === "undefined") return readFile(built, "utf8");
  const source = new URL("./page.ts", import.meta.url);
  const { outputs } = await Bun.build({ entrypoints: [source.pathname], target: "browser" });
  return outputs[0]!.text();
}
