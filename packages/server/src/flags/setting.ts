/** One setting: its flag, its environment variable, and the default. */
export type Setting = Readonly<Record<"flag" | "variable" | "fallback" | "help", string>>;
