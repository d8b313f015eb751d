import pino, { type Logger } from "pino";
import type { LogLevel } from "../../config.ts";

/** Lines are written when so many bytes wait, or so many milliseconds have passed: a write a request costs a third of it. */
const BATCH_BYTES = 8_192;
const BATCH_MS = 100;

/**
 * JSON lines on standard output; what waits is written before the process ends, unless it is killed. Bun's own sink
 * takes them: pino's costs a server under load as much as its requests do.
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
