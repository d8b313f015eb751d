import pino, { type Logger } from "pino";
import type { LogLevel } from "../../config.ts";

/** Lines are written after this many bytes or milliseconds: a write for each request would cost a third of the request. */
const BATCH_BYTES = 8_192;
const BATCH_MS = 100;

/**
 * Logs JSON lines to standard output. Buffered lines are written when the process exits, unless it is killed. The sink is
 * Bun's: under load, pino's costs as much as the requests.
 */
export function createLogger(level: LogLevel): Logger {
  const sink = Bun.stdout.writer({ highWaterMark: BATCH_BYTES });
  setInterval(() => void sink.flush(), BATCH_MS).unref();
  process.on("exit", () => void sink.flush());
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters },
    { write: (line) => void sink.write(line) },
  );
}
