import { z } from "zod";
import { isObject, type JsonObject } from "../lib/json/json-object.ts";

const text = z
  .string()
  .nullable()
  .transform((value) => value ?? "");
const int = z.int();
const flag = z.boolean();

const S3 = z.object({
  enabled: flag,
  bucket: text,
  region: text,
  endpoint: text,
  accessKey: text,
  secret: text,
  forcePathStyle: flag,
});

const RATE_LIMIT_RULE = z.object({ label: text, audience: text, duration: int, maxRequests: int });
const NO_RULE = { label: "", audience: "", duration: 0, maxRequests: 0 };

/** PocketBase's settings, in the order in which it stores and sends them. */
const SETTINGS = z.object({
  superuserIPs: z.array(text),
  smtp: z.object({
    enabled: flag,
    port: int,
    host: text,
    username: text,
    password: text,
    authMethod: text,
    tls: flag,
    localName: text,
  }),
  backups: z.object({ cron: text, cronMaxKeep: int, s3: S3 }),
  s3: S3,
  meta: z.object({
    accentColor: text,
    appName: text,
    appURL: text,
    senderName: text,
    senderAddress: text,
    hideControls: flag,
  }),
  rateLimits: z.object({
    rules: z.array(
      z
        .unknown()
        .transform((rule) => mergeObject(NO_RULE, NO_RULE, rule))
        .pipe(RATE_LIMIT_RULE),
    ),
    excludedIPs: z.array(text),
    enabled: flag,
  }),
  trustedProxy: z.object({ headers: z.array(text), useLeftmostIP: flag }),
  batch: z.object({ enabled: flag, maxRequests: int, timeout: int, maxBodySize: int }),
  logs: z.object({ maxDataSize: int, maxDays: int, minLevel: int, logIP: flag, logAuthId: flag }),
});

export type Settings = z.output<typeof SETTINGS>;
export type S3Settings = Settings["s3"];
export type RateLimitRule = Settings["rateLimits"]["rules"][number];

const S3_OFF = {
  enabled: false,
  bucket: "",
  region: "",
  endpoint: "",
  accessKey: "",
  secret: "",
  forcePathStyle: false,
};

/** What every setting is before it is set. */
const ZERO: Settings = {
  superuserIPs: [],
  smtp: {
    enabled: false,
    port: 0,
    host: "",
    username: "",
    password: "",
    authMethod: "",
    tls: false,
    localName: "",
  },
  backups: { cron: "", cronMaxKeep: 0, s3: S3_OFF },
  s3: S3_OFF,
  meta: { accentColor: "", appName: "", appURL: "", senderName: "", senderAddress: "", hideControls: false },
  rateLimits: { rules: [], excludedIPs: [], enabled: false },
  trustedProxy: { headers: [], useLeftmostIP: false },
  batch: { enabled: false, maxRequests: 0, timeout: 0, maxBodySize: 0 },
  logs: { maxDataSize: 0, maxDays: 0, minLevel: 0, logIP: false, logAuthId: false },
};

/** The settings of a new data folder. */
export const DEFAULT_SETTINGS: Settings = {
  ...ZERO,
  smtp: { ...ZERO.smtp, port: 587, host: "smtp.example.com" },
  backups: { ...ZERO.backups, cronMaxKeep: 3 },
  meta: {
    accentColor: "#1055c9",
    appName: "Acme",
    appURL: "http://localhost:8090",
    senderName: "Support",
    senderAddress: "support@example.com",
    hideControls: false,
  },
  rateLimits: {
    rules: [
      { label: "*:auth", audience: "", duration: 3, maxRequests: 2 },
      { label: "*:create", audience: "", duration: 5, maxRequests: 20 },
      { label: "/api/batch", audience: "", duration: 1, maxRequests: 3 },
      { label: "/api/", audience: "", duration: 10, maxRequests: 300 },
    ],
    excludedIPs: [],
    enabled: false,
  },
  batch: { enabled: false, maxRequests: 50, timeout: 3, maxBodySize: 0 },
  logs: { ...ZERO.logs, maxDays: 5, logIP: true },
};

/**
 * The settings with what was sent on top, by the rules of PocketBase's decoder: what is missing stays, `null` is the zero
 * value, lists are replaced, names match in any case, unknown names are dropped.
 *
 * @throws TypeError or ZodError if a value has the wrong type, or a name occurs twice
 */
export const mergeSettings = (current: Settings, sent: unknown): Settings =>
  SETTINGS.parse(mergeObject(ZERO, current, sent));

function mergeObject(zero: JsonObject, current: JsonObject, sent: unknown): JsonObject {
  if (sent === null) return zero;
  if (!isObject(sent)) throw new TypeError("not an object");
  const names = new Map(Object.keys(zero).map((name) => [name.toLowerCase(), name]));
  const merged = new Map(Object.entries(current));
  const seen = new Set<string>();
  for (const [key, value] of Object.entries(sent)) {
    const name = names.get(key.toLowerCase());
    if (name === undefined) continue;
    if (seen.has(name)) throw new TypeError("a name occurs twice");
    seen.add(name);
    const [blank, old] = [zero[name], current[name]];
    merged.set(name, isObject(blank) && isObject(old) ? mergeObject(blank, old, value) : (value ?? blank));
  }
  return Object.fromEntries(merged);
}

/** The settings with the values of a form on top: `meta.appName` names the member of a group. */
export function mergeForm(current: Settings, texts: ReadonlyMap<string, readonly string[]>): Settings {
  return mergeSettings(current, formObject(ZERO, "", texts));
}

function formObject(zero: JsonObject, prefix: string, texts: ReadonlyMap<string, readonly string[]>): JsonObject {
  const entries = Object.entries(zero).flatMap(([name, blank]): [string, unknown][] => {
    const path = `${prefix}${name}`;
    if (isObject(blank)) return [[name, formObject(blank, `${path}.`, texts)]];
    const sent = texts.get(path);
    // A form can't send rules of rate limits.
    if (sent === undefined || blank === ZERO.rateLimits.rules) return [];
    return [[name, Array.isArray(blank) ? sent : formValue(blank, sent[0] ?? "")]];
  });
  return Object.fromEntries(entries);
}

/** As Go's strconv reads it. An empty text is the zero value. */
function formValue(blank: unknown, sent: string): unknown {
  if (typeof blank === "string") return sent;
  if (sent === "") return blank;
  if (typeof blank === "number") return /^[+-]?\d{1,15}$/.test(sent) ? Number(sent) : sent;
  if (/^(?:1|t|T|true|TRUE|True)$/.test(sent)) return true;
  return /^(?:0|f|F|false|FALSE|False)$/.test(sent) ? false : sent;
}

/** The settings as they are stored. An S3 secret that is not set is left out, as in PocketBase. */
export const storedJson = (settings: Settings): string =>
  JSON.stringify({
    ...settings,
    backups: { ...settings.backups, s3: withoutBlank(settings.backups.s3) },
    s3: withoutBlank(settings.s3),
  });

const withoutBlank = (s3: S3Settings): object => (s3.secret === "" ? withoutSecret(s3) : s3);

/** JSON leaves out what is undefined. */
const withoutSecret = (s3: S3Settings): object => ({ ...s3, secret: undefined });

/** The settings as a superuser sees them: JSON leaves out the secrets. */
export function shownSettings(settings: Settings): object {
  const smtp = { ...settings.smtp, password: undefined };
  const backups = { ...settings.backups, s3: withoutSecret(settings.backups.s3) };
  return { ...settings, smtp, backups, s3: withoutSecret(settings.s3) };
}
