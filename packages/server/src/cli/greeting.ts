import { relative } from "node:path";
import type { Config } from "../config.ts";
import { INSTALLER_EMAIL } from "../records/auth-consequences.ts";
import type { Reader } from "../store/store.ts";
import { VERSION } from "./version.ts";

/** What a person reads who has just started the server: at most one screen. */
export async function greet(url: string, { dir }: Config, reader: Reader): Promise<string> {
  const lines = [
    `Headwater ${VERSION}`,
    `  API      ${url}/api/`,
    `  Folder   ${dir}`,
    "  There is no dashboard yet: PocketBase's SDKs speak to this address.",
  ];
  if (!(await hasSuperuser(reader))) {
    const folder = relative("", dir) === "pb_data" ? "" : ` --dir ${quoted(dir)}`;
    lines.push("", "There is no superuser yet. Make one:", `  npx headwater superuser create you@example.com${folder}`);
  }
  return `${lines.join("\n")}\n`;
}

async function hasSuperuser(reader: Reader): Promise<boolean> {
  const row = await reader.first({
    text: "SELECT 1 FROM _superusers WHERE email <> ? LIMIT 1",
    values: [INSTALLER_EMAIL],
  });
  return row !== undefined;
}

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
