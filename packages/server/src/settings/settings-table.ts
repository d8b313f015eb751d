import { collectionId, recordId } from "@headwater/protocol";
import { isObject } from "../lib/json/json-object.ts";
import { parseJson } from "../lib/json/json-value.ts";
import { formatDateTime } from "../lib/text/date-time.ts";
import { UserError } from "../lib/user-error.ts";
import { appendChange } from "../log/append-change.ts";
import type { Change } from "../log/change.ts";
import { sql } from "../store/sql.ts";
import type { Reader, Transaction } from "../store/store.ts";
import { decrypt, encrypt } from "./encryption.ts";
import { DEFAULT_SETTINGS, mergeSettings, type Settings, storedJson } from "./settings.ts";

/** The collection id that the log uses for changes of the settings. */
const SETTINGS = collectionId("_settings");
const ROW = recordId("settings");

/**
 * Reads the settings from where PocketBase keeps them; the defaults if they are not there.
 *
 * @param key decrypts settings that are encrypted; "" for none
 * @throws UserError if they can't be read
 */
export async function readSettings(reader: Reader, key: string): Promise<Settings> {
  // PocketBase stores JSON as a blob.
  const row = await reader.first(sql`SELECT CAST(value AS TEXT) AS value FROM _params WHERE id = ${ROW}`);
  if (!row) return DEFAULT_SETTINGS;
  const text = String(row["value"]);
  const plain = parseJson(text);
  if (isObject(plain)) return decode(plain);
  if (key === "") {
    throw new UserError(
      "The settings of this folder are encrypted. Say with --encryption-env which variable holds the key.",
    );
  }
  return decode(parseJson(decrypted(text, key)));
}

function decrypted(text: string, key: string): string {
  try {
    return decrypt(text, key);
  } catch (error) {
    throw new UserError("The settings of this folder are encrypted with another key.", { cause: error });
  }
}

function decode(value: unknown): Settings {
  try {
    return mergeSettings(DEFAULT_SETTINGS, value);
  } catch (error) {
    throw new UserError("The settings of this folder can't be read.", { cause: error });
  }
}

/** Writes the settings and adds the change to the log, without values: they hold secrets. */
export async function writeSettings(tx: Transaction, settings: Settings, key: string, now: Date): Promise<void> {
  const json = storedJson(settings);
  const value = key === "" ? json : encrypt(json, key);
  const time = formatDateTime(now);
  await tx.run(sql`INSERT INTO _params (id, value, created, updated) VALUES (${ROW}, ${value}, ${time}, ${time})
    ON CONFLICT (id) DO UPDATE SET value = excluded.value, updated = excluded.updated`);
  await logSettingsChange(tx);
}

export const logSettingsChange = (tx: Transaction): Promise<void> =>
  appendChange(tx, { collection: SETTINGS, record: ROW, action: "update", before: { id: ROW }, after: { id: ROW } });

export const isSettingsChange = ({ collection }: Change): boolean => collection === SETTINGS;
