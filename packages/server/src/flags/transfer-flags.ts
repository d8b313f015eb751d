import { parseCount } from "./parse-values.ts";
import type { Setting } from "./setting.ts";

/** Settings for imports of records. */
export const TRANSFER_SETTINGS = {
  maxImports: {
    flag: "--max-imports",
    variable: "HEADWATER_MAX_IMPORTS",
    fallback: "2",
    help: "maximum number of imports of records over HTTP that run at once; 0 is no limit",
  },
  maxImportMb: {
    flag: "--max-import-mb",
    variable: "HEADWATER_MAX_IMPORT_MB",
    fallback: "4096",
    help: "maximum size of one such import, in MiB; 0 is no limit",
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** Limits for imports over HTTP. 0 is no limit. */
export interface ImportLimits {
  readonly running: number;
  readonly bytes: number;
}

type ReadSetting = (
  name: keyof typeof TRANSFER_SETTINGS,
  parse: (text: string) => number | undefined,
  expected: string,
) => number;

export const readImportLimits = (read: ReadSetting): ImportLimits =>
  Object.freeze({
    running: read("maxImports", parseCount, "a whole number"),
    bytes: read("maxImportMb", parseCount, "a whole number") * 2 ** 20,
  });
