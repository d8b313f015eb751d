import { fileURLToPath } from "node:url";
import { type ServerFixture, startServer } from "../../src/index.ts";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export const SUPERUSER = { email: "root@example.com", password: "1234567890" } as const;

/** The heartbeat interval of its task and version streams, in milliseconds. */
export const HEARTBEAT_MS = 1_000;

const MAIN = `${process.execPath} ${path("../../../server/src/main.ts")}`;

/** A command line that serves Headwater with the tasks in fixtures/hooks. */
export const HEADWATER = [
  `${MAIN} superuser upsert ${SUPERUSER.email} ${SUPERUSER.password} --dir {dir}`,
  `exec ${MAIN} serve --dir {dir} --http 127.0.0.1:{port} --hooks ${path("../fixtures/hooks")} --heartbeat-seconds ${HEARTBEAT_MS / 1_000} --git-commit abc123`,
].join(" && ");

export const startHeadwater = (): Promise<ServerFixture> => startServer({ command: HEADWATER });
