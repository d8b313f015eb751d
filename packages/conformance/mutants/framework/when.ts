/** On which of a peer's connections a mutant breaks its rule. */
export const WHENS = ["every", "first", "later"] as const;
export type When = (typeof WHENS)[number];

/** @param connection counted from 1 for each URL */
export const isAt = (when: When, connection: number): boolean =>
  when === "every" || (when === "first") === (connection === 1);

export const WHEN_TEXT: Readonly<Record<When, string>> = {
  every: "on every connection",
  first: "on the first connection",
  later: "on later connections",
};
