import { relative } from "node:path";
import type { Config } from "../config.ts";
import { INSTALLER_EMAIL } from "../records/write/auth-side-effects.ts";
import { type App, filter } from "../index.ts";
import { VERSION } from "../lib/version.ts";

/** The message that `headwater serve` prints when it starts: at most one screen. */
export async function startupMessage(url: string, { dir }: Config, app: App): Promise<string> {
  const lines = [
    `Headwater ${VERSION}`,
    `  API      ${url}/api/`,
    `  Folder   ${dir}`,
    "  There is no dashboard yet. Connect with PocketBase's SDKs or @headwater/client.",
  ];
  if (!(await hasSuperuser(app))) {
    const folder = relative("", dir) === "pb_data" ? "" : ` --dir ${quoted(dir)}`;
    lines.push(
      "",
      "There is no superuser yet. Create one:",
      `  npx headwater superuser create you@example.com${folder}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

const hasSuperuser = async (app: App): Promise<boolean> =>
  (await app.records("_superusers").first(filter`email != ${INSTALLER_EMAIL}`)) !== undefined;

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
