import { collectionToJson } from "../collections/model/collection-json.ts";
import { dryRunImport, type ImportPlan } from "../collections/commands/import/dry-run.ts";
import { importCollections } from "../collections/commands/import-collections.ts";
import { runCollectionChange } from "../collections/commands/run-collection-change.ts";
import { isObject } from "../lib/json/json-object.ts";
import { UserError } from "../lib/user-error.ts";
import { checkRule } from "../rules/analysis/check-rule.ts";
import { openExistingFolder } from "./existing-folder.ts";
import { planLines } from "./plan-lines.ts";
import { type CollectionsPlace, exportFrom, send, signInAt } from "./remote-server.ts";

/** Prints all collections as `PUT /api/collections/import` takes them. @throws UserError if they can't be read */
export async function exportCollections(place: CollectionsPlace): Promise<void> {
  process.stdout.write(`${JSON.stringify(await read(place), null, 2)}\n`);
}

async function read(place: CollectionsPlace): Promise<readonly unknown[]> {
  if ("url" in place) return exportFrom(await signInAt(place.url, place.superuser));
  const folder = await openExistingFolder(place.dir);
  try {
    return folder.registry.current.collections.map(collectionToJson);
  } finally {
    await folder.close();
  }
}

export interface ImportOptions {
  readonly deleteMissing: boolean;
  readonly detectRenames: boolean;
  readonly dryRun: boolean;
  /** Prints a dry run as JSON. */
  readonly json: boolean;
}

/**
 * Imports collections from a file, also while a server is running, or prints what that would change.
 *
 * @param file its path; `-` for standard input
 * @throws UserError or ApiError with the problems
 */
export async function importFile(file: string, place: CollectionsPlace, options: ImportOptions): Promise<void> {
  const { deleteMissing, detectRenames, dryRun } = options;
  const body = { collections: await readFile(file), deleteMissing, detectRenames, dryRun };
  const plan = "url" in place ? await importAt(place, body) : await importInto(place.dir, body);
  if (!plan) print(`${body.collections.length} collections were imported.`);
  else print(options.json ? JSON.stringify(plan, null, 2) : planLines(plan).join("\n"));
}

interface ImportBody extends Omit<ImportOptions, "json"> {
  readonly collections: readonly unknown[];
}

/** An array of collections, or an object with one. */
async function readFile(file: string): Promise<readonly unknown[]> {
  const source = file === "-" ? Bun.stdin : Bun.file(file);
  const text = await source.text().catch((error: unknown) => {
    throw new UserError(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}.`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${file} is not JSON.`);
  }
  const collections = isObject(value) ? value["collections"] : value;
  if (Array.isArray(collections)) return collections as readonly unknown[];
  throw new UserError(`${file} has no list of collections.`);
}

async function importAt(
  { url, superuser }: Extract<CollectionsPlace, { readonly url: string }>,
  body: ImportBody,
): Promise<ImportPlan | undefined> {
  const answer = await send(await signInAt(url, superuser), "PUT", "/api/collections/import", body);
  return answer as ImportPlan | undefined;
}

async function importInto(dir: string, body: ImportBody): Promise<ImportPlan | undefined> {
  const folder = await openExistingFolder(dir);
  try {
    const context = { checkRule, now: new Date() };
    if (body.dryRun) return await dryRunImport(folder.store, context, body);
    const background: Promise<void>[] = [];
    const deps = { ...folder, background: (work: () => Promise<void>) => void background.push(work()) };
    await runCollectionChange(deps, context, (tx, collections) => importCollections(tx, collections, body));
    await Promise.all(background);
    return undefined;
  } finally {
    await folder.close();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
