/** Tables that are not collections, exactly as PocketBase writes them: SQLite keeps the text, spaces included. */

const indent = (tabs: number, lines: readonly string[]): string => lines.join(`\n${"\t".repeat(tabs)}`);

const ID = "TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL";
const NOW = "TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%fZ')) NOT NULL";

export const DATA_TABLES: readonly string[] = [
  "CREATE TABLE `_migrations` (file VARCHAR(255) PRIMARY KEY NOT NULL, applied INTEGER NOT NULL)",
  `CREATE TABLE \`_params\` (${indent(3, [
    "",
    `\`id\`      ${ID},`,
    "`value`   JSON DEFAULT NULL,",
    `\`created\` ${NOW},`,
    `\`updated\` ${NOW}`,
  ])}\n\t\t)`,
  `CREATE TABLE \`_collections\` (${indent(4, [
    "",
    `\`id\`         ${ID},`,
    "`system`     BOOLEAN DEFAULT FALSE NOT NULL,",
    '`type`       TEXT DEFAULT "base" NOT NULL,',
    "`name`       TEXT UNIQUE NOT NULL,",
    '`fields`     JSON DEFAULT "[]" NOT NULL,',
    '`indexes`    JSON DEFAULT "[]" NOT NULL,',
    "`listRule`   TEXT DEFAULT NULL,",
    "`viewRule`   TEXT DEFAULT NULL,",
    "`createRule` TEXT DEFAULT NULL,",
    "`updateRule` TEXT DEFAULT NULL,",
    "`deleteRule` TEXT DEFAULT NULL,",
    '`options`    JSON DEFAULT "{}" NOT NULL,',
    `\`created\`    ${NOW},`,
    `\`updated\`    ${NOW}`,
  ])}\n\t\t\t)`,
  "CREATE INDEX IF NOT EXISTS idx__collections_type on `_collections` (`type`)",
];

export const AUXILIARY_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS \`_logs\` (${indent(5, [
    "",
    `\`id\`      ${ID},`,
    "`level`   INTEGER DEFAULT 0 NOT NULL,",
    '`message` TEXT DEFAULT "" NOT NULL,',
    '`data`    JSON DEFAULT "{}" NOT NULL,',
    `\`created\` ${NOW}`,
  ])}\n\t\t\t\t)`,
  "CREATE INDEX IF NOT EXISTS idx_logs_level on `_logs` (`level`)",
  "CREATE INDEX IF NOT EXISTS idx_logs_message on `_logs` (`message`)",
  "CREATE INDEX IF NOT EXISTS idx_logs_created_hour on `_logs` (strftime('%Y-%m-%d %H:00:00', `created`))",
];

/** The migrations that PocketBase must find already applied. */
export const MIGRATIONS: readonly string[] = [
  "1640988000_aux_init.go",
  "1640988000_init.go",
  "1717233556_v0.23_migrate.go",
  "1717233557_v0.23_migrate2.go",
  "1717233558_v0.23_migrate3.go",
  "1717233559_v0.23_migrate4.go",
  "1763020353_update_default_auth_alert_templates.go",
  "1778828400_normalize_indexes.go",
];
