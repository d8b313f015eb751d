/** On which of a peer's connections a mutant breaks its rule. */
const ALL = ["every", "first", "second", "later"] as const;
export type When = (typeof ALL)[number];

export const WHENS: readonly When[] = ["every", "first", "later"];

/** @param connection counted from 1 for each URL */
export function isAt(when: When, connection: number): boolean {
  switch (when) {
    case "every":
      return true;
    case "first":
      return connection === 1;
    case "second":
      return connection === 2;
    case "later":
      return connection > 1;
  }
}

export const WHEN_TEXT: Readonly<Record<When, string>> = {
  every: "on every connection",
  first: "on the first connection",
  second: "on the second connection alone",
  later: "on later connections",
};
