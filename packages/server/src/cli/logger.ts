import pino, { type Logger } from "pino";
import type { LogLevel } from "../config.ts";

/** Lines are written when so many bytes wait, or so many milliseconds have passed: a write a request costs a third of it. */
const BATCH_BYTES = 8_192;
const BATCH_MS = 100;

/** JSON lines on standard output; what waits is written before the process ends, unless it is killed. */
export function createLogger(level: LogLevel): Logger {
  const output = pino.destination({ dest: 1, sync: false, minLength: BATCH_BYTES, periodicFlush: BATCH_MS });
  process.on("exit", () => output.flushSync());
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, output);
}
