/** Identifies a published event and when it was sent, so that readers can check delivery and measure latency. */
export interface Probe {
  readonly index: number;
  /** When the writer started the request: fractional milliseconds since 1970. */
  readonly sentAt: number;
}

export const formatProbe = ({ index, sentAt }: Probe): string => `n=${index};t=${sentAt.toFixed(3)};`;

/**
 * Finds the probes in an event's text without parsing JSON: readers must not be the bottleneck.
 *
 * @returns the number of probes: more than one if the server joined several texts
 */
export function findProbes(text: string, onProbe: (probe: Probe) => void): number {
  let found = 0;
  for (let from = 0; ; found += 1) {
    const start = text.indexOf("n=", from);
    const middle = start < 0 ? -1 : text.indexOf(";t=", start);
    const end = middle < 0 ? -1 : text.indexOf(";", middle + 3);
    if (end < 0) return found;
    onProbe({ index: Number(text.slice(start + 2, middle)), sentAt: Number(text.slice(middle + 3, end)) });
    from = end;
  }
}
