import { type CollectionDescription, readCollectionDescriptions } from "../schema-types/collection-description.ts";
import { schemaFile } from "../schema-types/schema-file.ts";
import { openExistingFolder } from "./existing-folder.ts";
import { type CollectionsPlace, exportFrom, signInAt } from "./remote-server.ts";

/**
 * Prints TypeScript types of all collections.
 *
 * @throws UserError if the collections can't be read
 */
export async function printTypes(source: CollectionsPlace): Promise<void> {
  const collections = "url" in source ? await fromServer(source.url, source.superuser) : await fromFolder(source.dir);
  process.stdout.write(schemaFile(collections));
}

async function fromFolder(dir: string): Promise<readonly CollectionDescription[]> {
  const folder = await openExistingFolder(dir);
  try {
    return folder.registry.current.collections;
  } finally {
    await folder.close();
  }
}

async function fromServer(url: string, superuser: string | undefined): Promise<readonly CollectionDescription[]> {
  const server = await signInAt(url, superuser);
  return readCollectionDescriptions({ items: await exportFrom(server) });
}
