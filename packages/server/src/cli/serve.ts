import { openApp } from "../app.ts";
import type { Config } from "../config.ts";
import { greet } from "./greeting.ts";
import { createLogger } from "./logger.ts";
import { untilStopped } from "./stop-signals.ts";

/** Serves until a signal says to stop. */
export async function serve(config: Config): Promise<void> {
  const logger = createLogger(config.logLevel);
  // Bun would end the process just the same, but say why in words that no log reader parses.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      process.exit(1);
    });
  }
  const app = await openApp(config, logger);
  const { url } = app.listen();
  process.stderr.write(await greet(url, config, app.folder.store));
  logger.info({ url, dir: config.dir }, "listening");

  const signal = await untilStopped(config.drainMs);
  logger.info({ signal }, "stopping");
  await app.close();
  logger.info("stopped");
}
