import pino, { type Logger } from "pino";
import type { LogLevel } from "../config.ts";

/** JSON lines on standard output. Writes at once: a line that explains a crash must not die with the process. */
export const createLogger = (level: LogLevel): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 1, sync: true }),
  );
