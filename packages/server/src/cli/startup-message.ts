import { relative } from "node:path";
import type { Config } from "../config.ts";
import { INSTALLER_EMAIL } from "../records/write/auth-consequences.ts";
import { type App, filter } from "../index.ts";
import { VERSION } from "../lib/version.ts";

/** What a person reads who has just started the server: at most one screen. */
export async function greet(url: string, { dir }: Config, app: App): Promise<string> {
  const lines = [
    `Headwater ${VERSION}`,
    `  API      ${url}/api/`,
    `  Folder   ${dir}`,
    "  There is no dashboard yet: PocketBase's SDKs speak to this address.",
  ];
  if (!(await hasSuperuser(app))) {
    const folder = relative("", dir) === "pb_data" ? "" : ` --dir ${quoted(dir)}`;
    lines.push("", "There is no superuser yet. Make one:", `  npx headwater superuser create you@example.com${folder}`);
  }
  return `${lines.join("\n")}\n`;
}

const hasSuperuser = async (app: App): Promise<boolean> =>
  (await app.records("_superusers").first(filter`email != ${INSTALLER_EMAIL}`)) !== undefined;

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
