/** What a published record says about itself, so that a reader can tell which one it got and how long it took. */
export interface Stamp {
  readonly index: number;
  /** When its writer started the request: milliseconds since 1970, with fractions. */
  readonly at: number;
}

export const formatStamp = ({ index, at }: Stamp): string => `n=${index};t=${at.toFixed(3)};`;

/**
 * Finds the stamps in an event's text without parsing it as JSON: readers must not be the bottleneck.
 *
 * @returns how many there are; more than one where the server has put texts together
 */
export function findStamps(text: string, onStamp: (stamp: Stamp) => void): number {
  let found = 0;
  for (let from = 0; ; found += 1) {
    const start = text.indexOf("n=", from);
    const middle = start < 0 ? -1 : text.indexOf(";t=", start);
    const end = middle < 0 ? -1 : text.indexOf(";", middle + 3);
    if (end < 0) return found;
    onStamp({ index: Number(text.slice(start + 2, middle)), at: Number(text.slice(middle + 3, end)) });
    from = end;
  }
}
