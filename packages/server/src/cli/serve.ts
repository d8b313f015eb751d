import type { Config } from "../config.ts";
import { createApp } from "../index.ts";
import { createLogger } from "../library/context/logger.ts";
import { greet } from "./startup-message.ts";
import { provideLibrary } from "./hooks-folder.ts";
import { untilStopped } from "./stop-signals.ts";

/**
 * Serves until a signal says to stop.
 * @param hooks the folder of hook files, if there is one
 */
export async function serve(config: Config, hooks: string | undefined): Promise<void> {
  const logger = createLogger(config.logLevel);
  // Bun would end the process just the same, but say why in words that no log reader parses.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      process.exit(1);
    });
  }
  provideLibrary();
  const app = await createApp({ ...config, logger, ...(hooks !== undefined && { hooks }) });
  const { url } = app.start();
  process.stderr.write(await greet(url, config, app));
  logger.info({ url, dir: config.dir }, "listening");

  const signal = await untilStopped(config.drainMs);
  logger.info({ signal }, "stopping");
  await app.stop();
  logger.info("stopped");
}
