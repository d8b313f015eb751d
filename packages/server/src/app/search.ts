import type { Logger } from "pino";
import { SearchIndexer } from "../records/search/search-indexer.ts";
import type { Folder } from "./folder.ts";

/** Makes search indexes fit the collections, and brings them up to date in the background. */
export async function startSearchIndexer({ store, registry }: Folder, logger: Logger): Promise<SearchIndexer> {
  const onError = (error: unknown): void =>
    logger.error({ err: error }, "a search index could not be brought up to date");
  const indexer = new SearchIndexer({ store, registry, onError });
  await indexer.start();
  return indexer;
}
