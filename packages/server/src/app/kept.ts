import type { Logger } from "pino";
import { sweepKept } from "../records/kept/sweep-kept.ts";
import type { Folder } from "./folder.ts";

/** How often the server looks for what was kept long enough, in milliseconds. */
const INTERVAL_MS = 3_600_000;

/** Deletes for good what was kept long enough: now, and every hour. @returns a function that stops it */
export function startKeptSweeps(
  { store, registry, files }: Folder,
  logger: Logger,
  background: (work: () => Promise<void>) => void,
): () => void {
  const sweep = async (): Promise<void> => {
    try {
      await sweepKept({ store, files, background, schema: () => registry.current, now: new Date() });
    } catch (error) {
      logger.error({ err: error }, "deleted records could not be removed for good");
    }
  };
  background(sweep);
  const timer = setInterval(() => background(sweep), INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
