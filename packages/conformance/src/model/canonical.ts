/** JSON in which the order of keys does not matter. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? "undefined";

/** A text that is the same for all ways to write the same JSON; other texts stay as they are. */
export function meaningOf(data: string): string {
  try {
    return canonical(JSON.parse(data));
  } catch {
    return data;
  }
}
