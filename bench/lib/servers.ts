import { Admin } from "../../packages/server/test/support/admin.ts";
import { PUBLIC_NOTES } from "../../packages/server/test/support/collections.ts";
import { hasPocketBase, type ServerKind } from "../../packages/server/test/support/server-kind.ts";
import { startServer } from "../../packages/server/test/support/server-process.ts";

/** A record server with an open collection, ready for load. */
export interface RecordServer extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  /** Creates a record as anyone may; fails unless it was stored. */
  readonly create: (title: string) => Promise<void>;
}

export const COLLECTION = PUBLIC_NOTES.name;

/** Ours first, then those that are installed. */
export const recordServerKinds = (): readonly ServerKind[] =>
  hasPocketBase ? ["headwater", "pocketbase"] : ["headwater"];

export async function startRecordServer(kind: ServerKind): Promise<RecordServer> {
  const server = await startServer({ kind });
  try {
    const admin = await Admin.signIn(server.url);
    await admin.createCollection(PUBLIC_NOTES);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  const records = `${server.url}/api/collections/${COLLECTION}/records`;
  return {
    name: kind,
    pid: server.pid,
    url: server.url,
    create: (title) => post(records, { title, count: 1 }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Sends JSON, and reads the answer to its end so that the connection can be used again. */
export async function post(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${text}`);
}
