import { openApp } from "../../../server/src/app/app.ts";
import { systemContext } from "../../../server/src/auth/system-context.ts";
import { Tokens } from "../../../server/src/auth/tokens.ts";
import type { AuthCollection } from "../../../server/src/collections/model/collection.ts";
import { readConfig } from "../../../server/src/config.ts";
import { createLogger } from "../../../server/src/library/context/logger.ts";
import { assertWritable } from "../../../server/src/records/model/writable-collection.ts";
import { createRecord } from "../../../server/src/records/write/create-record.ts";
import { prepareSubmission } from "../../../server/src/records/write/prepare-submission.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

export interface Headwater {
  readonly url: string;
  /** A superuser's token. */
  readonly token: string;
  readonly stop: () => Promise<void>;
}

const PASSWORD = "1234567890";

/** Starts Headwater in this process: a right server of PocketBase's protocol. @param heartbeatMs in place of 20 seconds */
export async function startHeadwater(heartbeatMs: number): Promise<Headwater> {
  const dir = tempDir();
  const app = await openApp(readConfig({ dir: dir.path, http: "127.0.0.1:0" }, {}), createLogger("silent"));
  const { url } = app.listen();
  const { store, registry, files } = app.folder;
  const superusers = registry.current.find("_superusers")!;
  assertWritable(superusers);
  const context = systemContext({ schema: registry.current, files, now: new Date(), background: () => {} });
  const body = { email: "root@example.com", password: PASSWORD, passwordConfirm: PASSWORD };
  const submission = await prepareSubmission(store, context, superusers, undefined, { body, files: new Map() });
  const values = await store.write((tx) => createRecord(tx, context, superusers, submission));
  const token = await new Tokens().issue({
    collection: superusers as AuthCollection,
    values,
    type: "auth",
    now: new Date(),
    claims: { refreshable: true },
  });
  const beat = setInterval(() => app.hub.sendHeartbeats([...app.hub.sessions()]), heartbeatMs);
  return {
    url,
    token,
    async stop() {
      clearInterval(beat);
      await app.close();
      dir[Symbol.dispose]();
    },
  };
}
