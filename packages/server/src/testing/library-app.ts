import { afterAll } from "bun:test";
import pino from "pino";
import { type App, type AppOptions, createApp } from "../library/create-app.ts";
import { tempDir } from "./temp-dir.ts";

export interface LibraryApp {
  readonly app: App;
  /** The lines that it logged. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Resolves with the first line of this message, logged already or yet to come. */
  logged(message: string): Promise<Readonly<Record<string, unknown>>>;
}

/** A server as a program would make it, on a new folder unless one is given; stopped after the file's last test. */
export async function openLibraryApp(options: AppOptions = {}): Promise<LibraryApp> {
  const log: Readonly<Record<string, unknown>>[] = [];
  const waiting = new Map<string, (line: Readonly<Record<string, unknown>>) => void>();
  const write = (text: string): void => {
    const line = JSON.parse(text) as Readonly<Record<string, unknown>>;
    log.push(line);
    waiting.get(String(line["msg"]))?.(line);
  };
  const logger = pino({ level: "debug" }, { write });
  const app = await createApp({ dir: tempDir(), host: "127.0.0.1", port: 0, drainMs: 0, logger, ...options });
  afterAll(() => app.stop());
  const logged = (message: string): Promise<Readonly<Record<string, unknown>>> => {
    const known = log.find(({ msg }) => msg === message);
    return known ? Promise.resolve(known) : new Promise((resolve) => waiting.set(message, resolve));
  };
  return { app, log, logged };
}

/** What a promise is refused with. */
export const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error("it was not refused");
    },
    (error: unknown) => error,
  );
