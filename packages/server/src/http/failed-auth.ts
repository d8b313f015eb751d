import type { Logger } from "pino";

/** Who failed: a request, or a connection. */
interface Failed {
  readonly id: string;
  readonly ip: string;
}

/** Logs that a client could not be identified, without what it sent: that may be a password, or a token that works elsewhere. */
export function logFailedAuth(logger: Logger, failed: Failed, reason: string): void {
  if (!logger.isLevelEnabled("debug")) return;
  logger.debug({ request: failed.id, address: failed.ip, reason }, "authentication failed");
}
