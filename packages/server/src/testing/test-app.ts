import { afterAll } from "bun:test";
import type { RecordValues } from "@headwater/protocol";
import pino from "pino";
import { type App, openApp } from "../app/app.ts";
import { systemContext } from "../auth/system-context.ts";
import { Tokens } from "../auth/tokens.ts";
import type { AuthCollection, Collection } from "../collections/model/collection.ts";
import { readConfig } from "../config.ts";
import { assertWritable } from "../records/model/writable-collection.ts";
import { createRecord } from "../records/write/create-record.ts";
import { prepareSubmission } from "../records/write/prepare-submission.ts";
import { play } from "./scenario.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";

/** A listening server on a new folder, for one test file. */
export interface TestApp {
  readonly app: App;
  readonly url: string;
  readonly dir: string;
  /** Stops the server. Also runs after the file's last test. */
  stop(): Promise<void>;
  /** All log lines so far. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** A superuser's token. */
  readonly admin: string;
  collection(name: string): Collection;
  /** Creates a collection over the API. */
  define(body: Readonly<Record<string, unknown>>): Promise<void>;
  /** Creates a record regardless of the rules. Auth records get the password `PASSWORD`. */
  add(collection: string, body: Readonly<Record<string, unknown>>): Promise<RecordValues>;
  /** A token of an auth record. */
  tokenOf(collection: string, values: RecordValues, claims?: Readonly<Record<string, unknown>>): Promise<string>;
}

export const PASSWORD = "1234567890";

export async function startTestApp(flags: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const log: Readonly<Record<string, unknown>>[] = [];
  const logger = pino({ level: "debug" }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const config = readConfig({ dir: testDir(), http: "127.0.0.1:0", ...flags }, {});
  const app = await openApp(config, logger);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= app.close());
  afterAll(stop);
  const { url } = app.listen();

  const collection: TestApp["collection"] = (name) => {
    const found = app.folder.registry.current.find(name);
    if (!found) throw new Error(`no collection ${name}`);
    return found;
  };
  const add: TestApp["add"] = async (name, body) => {
    const { store, registry, files } = app.folder;
    const context = systemContext({ schema: registry.current, files, now: new Date(), background: () => {} });
    const target = collection(name);
    assertWritable(target);
    const password = target.type === "auth" ? { password: PASSWORD, passwordConfirm: PASSWORD } : {};
    const submitted = { body: { ...password, ...body }, files: new Map() };
    const submission = await prepareSubmission(store, context, target, undefined, submitted);
    return store.write((tx) => createRecord(tx, context, target, submission));
  };
  const tokenOf: TestApp["tokenOf"] = (name, values, claims = { refreshable: true }) =>
    new Tokens().issue({
      collection: collection(name) as AuthCollection,
      values,
      type: "auth",
      now: new Date(),
      claims,
    });

  const admin = await tokenOf("_superusers", await add("_superusers", { email: "root@example.com" }));
  const define: TestApp["define"] = async (body) => {
    const response = await play(url, { method: "POST", path: "/api/collections", token: admin, body });
    if (response.status !== 200) throw new Error(await response.text());
  };
  return { app, url, dir: config.dir, stop, log, admin, collection, define, add, tokenOf };
}
