import { afterAll } from "bun:test";
import pino from "pino";
import { type App, type AppOptions, createApp } from "../library/create-app.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";

export interface LibraryApp {
  readonly app: App;
  /** All log lines so far. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Resolves with the first log line of this message, past or future. */
  logged(message: string): Promise<Readonly<Record<string, unknown>>>;
}

/** An app as a program creates it, in a new folder unless one is given. It stops after the file's last test. */
export async function openLibraryApp(options: AppOptions = {}): Promise<LibraryApp> {
  const log: Readonly<Record<string, unknown>>[] = [];
  const waiting = new Map<string, (line: Readonly<Record<string, unknown>>) => void>();
  const write = (text: string): void => {
    const line = JSON.parse(text) as Readonly<Record<string, unknown>>;
    log.push(line);
    waiting.get(String(line["msg"]))?.(line);
  };
  const logger = pino({ level: "debug" }, { write });
  const app = await createApp({ dir: testDir(), host: "127.0.0.1", port: 0, drainMs: 0, logger, ...options });
  afterAll(() => app.stop());
  const logged = (message: string): Promise<Readonly<Record<string, unknown>>> => {
    const known = log.find(({ msg }) => msg === message);
    return known ? Promise.resolve(known) : new Promise((resolve) => waiting.set(message, resolve));
  };
  return { app, log, logged };
}

/** The error that a promise rejects with. Throws if it resolves. */
export const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error("it was not refused");
    },
    (error: unknown) => error,
  );
