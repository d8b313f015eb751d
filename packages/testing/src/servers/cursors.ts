import { Database } from "bun:sqlite";
import { createDecipheriv, createHmac, type Decipheriv } from "node:crypto";
import { join } from "node:path";

/** What reads the cursors of a folder: its key, and the marks of its server starts. */
interface FolderKey {
  readonly decipher: Decipheriv;
  readonly marks: ReadonlySet<number>;
}

/** The data folders of the servers that this process has started, newest first. */
const folders: string[] = [];
/** Also those that a folder had before. */
const keys: FolderKey[] = [];

/** Makes the cursors of a folder readable. */
export function rememberFolder(dir: string): void {
  if (!folders.includes(dir)) folders.unshift(dir);
}

/**
 * The seq that a cursor names. Clients can't read it; this reads the key in the data folder.
 *
 * @returns `undefined` for text that is no cursor of a server that this process has started
 */
export function seqOfCursor(cursor: string | undefined): number | undefined {
  const sealed = /^[a-z]\.([\w-]{22})$/.exec(cursor ?? "")?.[1];
  if (sealed === undefined) return undefined;
  const block = Buffer.from(sealed, "base64url");
  for (const key of keys) {
    const seq = read(key, block);
    if (seq !== undefined) return seq;
  }
  // A server that has been started since, or another log in the same folder.
  for (const dir of folders) {
    const key = readKey(dir);
    const seq = key && read(key, block);
    if (seq === undefined) continue;
    keys.unshift(key!);
    return seq;
  }
  return undefined;
}

function read({ decipher, marks }: FolderKey, sealed: Buffer): number | undefined {
  const block = decipher.update(sealed);
  return marks.has(block.readUInt32BE(1)) ? block.readUIntBE(5, 6) : undefined;
}

/** @returns `undefined` if there is no such folder any more */
function readKey(dir: string): FolderKey | undefined {
  try {
    using db = new Database(join(dir, "data.db"), { readonly: true });
    const rows = db.query<{ key: string; value: string }, []>("SELECT key, value FROM _headwater").all();
    const values = new Map(rows.map(({ key, value }) => [key, value]));
    const key = createHmac("sha256", values.get("secret")!).update(values.get("epoch")!).digest().subarray(0, 16);
    const marks = db.query<{ mark: number }, []>("SELECT mark FROM _headwater_marks").all();
    const decipher = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
    return { decipher, marks: new Set(marks.map(({ mark }) => mark)) };
  } catch {
    return undefined;
  }
}
