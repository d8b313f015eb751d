import { toText } from "../../lib/text/coerce.ts";
import { parseJson } from "../../lib/json/json-value.ts";
import { logSettingsChange } from "../../settings/settings-table.ts";
import { sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { isObject } from "../fields/decode-json.ts";

/** Rate limit labels may name a collection (`posts:create`), so they are renamed with it. */
export async function renameRateLimitLabels(tx: Transaction, before: string, after: string): Promise<void> {
  const row = await tx.first(sql`SELECT value FROM _params WHERE id = 'settings'`);
  // Encrypted settings are not JSON; then the labels stay.
  const settings = parseJson(toText(row?.value));
  if (!isObject(settings) || !isObject(settings.rateLimits) || !Array.isArray(settings.rateLimits.rules)) return;
  const prefix = `${before}:`;
  const rules = settings.rateLimits.rules.map((rule: unknown) =>
    isObject(rule) && typeof rule.label === "string" && rule.label.startsWith(prefix)
      ? { ...rule, label: `${after}:${rule.label.slice(prefix.length)}` }
      : rule,
  );
  const value = JSON.stringify({ ...settings, rateLimits: { ...settings.rateLimits, rules } });
  if (value === row?.value) return;
  await tx.run(sql`UPDATE _params SET value = ${value} WHERE id = 'settings'`);
  await logSettingsChange(tx);
}
