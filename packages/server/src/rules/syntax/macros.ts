import { formatDateTime } from "../../lib/text/date-time.ts";

const DAY = 86_400_000;

const startOf = (year: number, month: number, day: number): string => formatDateTime(Date.UTC(year, month, day));
/** The last millisecond before that day. */
const endBefore = (year: number, month: number, day: number): string => formatDateTime(Date.UTC(year, month, day) - 1);

/** The date macros of rules, all in UTC. A bigint is an integer; plain numbers are floats. */
const MACROS = {
  "@now": (now) => formatDateTime(now),
  "@yesterday": (now) => formatDateTime(now.getTime() - DAY),
  "@tomorrow": (now) => formatDateTime(now.getTime() + DAY),
  "@second": (now) => BigInt(now.getUTCSeconds()),
  "@minute": (now) => BigInt(now.getUTCMinutes()),
  "@hour": (now) => BigInt(now.getUTCHours()),
  "@day": (now) => BigInt(now.getUTCDate()),
  "@month": (now) => BigInt(now.getUTCMonth() + 1),
  /** Sunday is 0. */
  "@weekday": (now) => BigInt(now.getUTCDay()),
  "@year": (now) => BigInt(now.getUTCFullYear()),
  "@todayStart": (now) => startOf(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()),
  "@todayEnd": (now) => endBefore(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1),
  "@monthStart": (now) => startOf(now.getUTCFullYear(), now.getUTCMonth(), 1),
  "@monthEnd": (now) => endBefore(now.getUTCFullYear(), now.getUTCMonth() + 1, 1),
  "@yearStart": (now) => startOf(now.getUTCFullYear(), 0, 1),
  "@yearEnd": (now) => endBefore(now.getUTCFullYear() + 1, 0, 1),
} as const satisfies Record<string, (now: Date) => string | bigint>;

export type MacroName = keyof typeof MACROS;

export const isMacro = (name: string): name is MacroName => Object.hasOwn(MACROS, name);

export const macroValue = (name: MacroName, now: Date): string | bigint => MACROS[name](now);
