import pino, { type Logger } from "pino";
import type { LogLevel } from "../../config.ts";
import { LogSink } from "./log-sink.ts";

/** Logs JSON lines to standard output. Lines that wait are written when the process exits, unless it is killed. */
export function createLogger(level: LogLevel): Logger {
  const sink = new LogSink(process.stdout.fd);
  process.on("exit", () => sink.flushSync());
  const formatters = { level: (label: string) => ({ level: label }) };
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters },
    { write: (line) => sink.write(line) },
  );
}
