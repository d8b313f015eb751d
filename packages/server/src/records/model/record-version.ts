import { createHmac } from "node:crypto";
import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { isPassword, isTokenKey } from "../../collections/model/logged-values.ts";
import { sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { type Column, columnsOf } from "./columns.ts";

/** Bytes of a version. */
const SIZE = 16;

/**
 * The versions of records: a keyed hash of what is stored, without passwords and token keys (docs/decisions/0032). The same
 * content has the same version, regardless of its writer, and nobody can guess hidden values from it.
 */
export class RecordVersions {
  readonly #key: Uint8Array;

  private constructor(key: Uint8Array) {
    this.#key = key;
  }

  static async open(reader: Reader): Promise<RecordVersions> {
    const row = await reader.first(sql`SELECT value FROM _headwater WHERE key = 'secret'`);
    return new RecordVersions(createHmac("sha256", String(row?.["value"])).update("record versions").digest());
  }

  /** @param values of a record as it is stored */
  of(collection: Collection, values: RecordValues): string {
    const { shape, columns } = layoutOf(collection);
    const stored = columns.map(({ name, write }) => write(values[name] ?? null));
    const hash = new Bun.CryptoHasher("sha256", this.#key).update(shape).update(JSON.stringify(stored));
    return hash.digest().subarray(0, SIZE).toString("base64url");
  }
}

interface Layout {
  /** What decides how the values are shown: two collections, or one before and after a change, have different versions. */
  readonly shape: string;
  readonly columns: readonly Column[];
}

const layouts = new WeakMap<Collection, Layout>();

function layoutOf(collection: Collection): Layout {
  let layout = layouts.get(collection);
  if (!layout) {
    const columns = columnsOf(collection).filter(({ field }) => !isPassword(field) && !isTokenKey(field, collection));
    const fields = columns.map(({ field: { name, type, hidden } }) => [name, type, hidden]);
    layout = { shape: JSON.stringify([collection.id, collection.name, fields]), columns };
    layouts.set(collection, layout);
  }
  return layout;
}
