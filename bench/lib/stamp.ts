/** What a published record says about itself, so that a reader can tell which one it got and how long it took. */
export interface Stamp {
  readonly index: number;
  /** When its writer started the request: milliseconds since 1970, with fractions. */
  readonly at: number;
}

export const formatStamp = ({ index, at }: Stamp): string => `n=${index};t=${at.toFixed(3)};`;

/** Finds the stamp in an event's text without parsing it as JSON: readers must not be the bottleneck. */
export function findStamp(text: string): Stamp | undefined {
  const start = text.indexOf("n=");
  if (start < 0) return undefined;
  const middle = text.indexOf(";t=", start);
  const end = text.indexOf(";", middle + 3);
  if (middle < 0 || end < 0) return undefined;
  return { index: Number(text.slice(start + 2, middle)), at: Number(text.slice(middle + 3, end)) };
}
