import type { Config } from "../config.ts";
import { createApp } from "../index.ts";
import { createLogger } from "../library/context/logger.ts";
import { startupMessage } from "./startup-message.ts";
import { provideLibrary } from "./hooks-folder.ts";
import { untilStopped } from "./stop-signals.ts";

/**
 * Serves until a stop signal.
 * @param hooks the folder of hook files, if there is one
 */
export async function serve(config: Config, hooks: string | undefined): Promise<void> {
  const logger = createLogger(config.logLevel);
  // Bun would also end the process, but without a log line that a log reader can parse.
  for (const event of ["uncaughtException", "unhandledRejection"]) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      process.exit(1);
    });
  }
  provideLibrary();
  const app = await createApp({ ...config, logger, ...(hooks !== undefined && { hooks }) });
  const { url } = app.start();
  process.stderr.write(await startupMessage(url, config, app));
  logger.info({ url, dir: config.dir }, "listening");

  const signal = await untilStopped(config.drainMs);
  logger.info({ signal }, "stopping");
  await app.stop();
  logger.info("stopped");
}
