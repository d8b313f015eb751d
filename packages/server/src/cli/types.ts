import { existsSync } from "node:fs";
import { join } from "node:path";
import { openFolder } from "../app/folder.ts";
import { UserError } from "../lib/user-error.ts";
import { type CollectionDescription, readCollectionDescriptions } from "../schema-types/collection-description.ts";
import { schemaFile } from "../schema-types/schema-file.ts";

/** Where to read the collections: a folder, or a server and its superuser as `email:password`. */
export type SchemaSource = { readonly dir: string } | { readonly url: string; readonly superuser: string | undefined };

/**
 * Prints TypeScript types of all collections.
 *
 * @throws UserError if the collections can't be read
 */
export async function printTypes(source: SchemaSource): Promise<void> {
  const collections = "url" in source ? await fromServer(source.url, source.superuser) : await fromFolder(source.dir);
  process.stdout.write(schemaFile(collections));
}

async function fromFolder(dir: string): Promise<readonly CollectionDescription[]> {
  if (!existsSync(join(dir, "data.db")))
    throw new UserError(`There is no database in ${dir}. Name the data folder with --dir.`);
  const folder = await openFolder(dir);
  try {
    return folder.registry.current.collections;
  } finally {
    await folder.close();
  }
}

async function fromServer(url: string, superuser: string | undefined): Promise<readonly CollectionDescription[]> {
  const [, email, password] = /^([^:]+):(.+)$/s.exec(superuser ?? "") ?? [];
  if (email === undefined) {
    throw new UserError("Only superusers can read a server's collections. Add --superuser EMAIL:PASSWORD.");
  }
  const base = url.replace(/\/+$/, "");
  const signIn = `${base}/api/collections/_superusers/auth-with-password`;
  const { token } = (await fetchJson(signIn, post({ identity: email, password }))) as {
    readonly token?: unknown;
  };
  const collections: CollectionDescription[] = [];
  for (let page = 1; ; page += 1) {
    const address = `${base}/api/collections?page=${page}&perPage=500&skipTotal=1`;
    const items = readCollectionDescriptions(await fetchJson(address, { headers: { Authorization: String(token) } }));
    collections.push(...items);
    if (items.length < 500) return collections;
  }
}

const post = (body: object): RequestInit => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

async function fetchJson(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, init).catch((error: unknown) => {
    throw new UserError(`Can't reach ${url}: ${error instanceof Error ? error.message : String(error)}.`);
  });
  const text = await response.text();
  if (!response.ok) throw new UserError(`${url} answered ${response.status}: ${messageOf(text)}`);
  return JSON.parse(text) as unknown;
}

function messageOf(text: string): string {
  try {
    return String((JSON.parse(text) as { readonly message?: unknown }).message);
  } catch {
    return text.slice(0, 200);
  }
}
