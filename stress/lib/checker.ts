/** An event that a client should have received for one change, on one of its topics. */
export interface Expected {
  readonly seq: number;
  readonly topic: string;
  readonly action: string;
  /** The record's values in the log. */
  readonly values: Readonly<Record<string, unknown>>;
  /** `may`: the rules changed between the commit and the arrival, so the event may come or not. */
  readonly duty: "must" | "may";
}

/** An event that a client received. */
export interface Received {
  readonly seq: number;
  readonly topic: string;
  readonly action: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export const FAULTS = ["lost", "duplicated", "reordered", "unauthorized", "corrupted"] as const;
export type Fault = (typeof FAULTS)[number];

/** The number of events checked, the number of each fault, and a description of the first few. */
export interface Verdict extends Readonly<Record<Fault, number>> {
  readonly checked: number;
  readonly first: readonly string[];
}

const SHOWN = 5;

/**
 * Compares what a client received with what it should have received. An event is
 * - lost if it must come and did not,
 * - duplicated if it already came,
 * - reordered if an event of a later change came first,
 * - unauthorized if the client may not see it, or if no change in the log explains it,
 * - corrupted if its content differs from the log.
 */
export function check(expected: readonly Expected[], seen: readonly Received[]): Verdict {
  const byKey = new Map(expected.map((event) => [key(event), event]));
  const arrived = new Set<string>();
  const findings: (readonly [fault: Fault, event: Expected | Received])[] = [];
  let newest = 0;
  for (const event of seen) {
    const match = byKey.get(key(event));
    if (!match) findings.push(["unauthorized", event]);
    else if (arrived.has(key(event))) findings.push(["duplicated", event]);
    else if (event.seq < newest) findings.push(["reordered", event]);
    else if (!agrees(event, match)) findings.push(["corrupted", event]);
    arrived.add(key(event));
    newest = Math.max(newest, event.seq);
  }
  for (const event of expected) if (event.duty === "must" && !arrived.has(key(event))) findings.push(["lost", event]);
  const count = (fault: Fault): number => findings.filter(([found]) => found === fault).length;
  return {
    checked: seen.length,
    lost: count("lost"),
    duplicated: count("duplicated"),
    reordered: count("reordered"),
    unauthorized: count("unauthorized"),
    corrupted: count("corrupted"),
    first: findings.slice(0, SHOWN).map(([fault, event]) => `${fault}: ${describe(event)}`),
  };
}

export const NO_FAULTS: Verdict = {
  checked: 0,
  lost: 0,
  duplicated: 0,
  reordered: 0,
  unauthorized: 0,
  corrupted: 0,
  first: [],
};

export const faultsOf = (verdict: Verdict): number => FAULTS.reduce((total, fault) => total + verdict[fault], 0);

export const sum = (a: Verdict, b: Verdict): Verdict => ({
  checked: a.checked + b.checked,
  lost: a.lost + b.lost,
  duplicated: a.duplicated + b.duplicated,
  reordered: a.reordered + b.reordered,
  unauthorized: a.unauthorized + b.unauthorized,
  corrupted: a.corrupted + b.corrupted,
  first: [...a.first, ...b.first].slice(0, SHOWN),
});

const key = ({ seq, topic }: Expected | Received): string => `${seq} ${topic}`;

/** An event omits hidden fields and adds the collection's name; the fields that both have must be equal. */
const agrees = (event: Received, { action, values }: Expected): boolean =>
  event.action === action &&
  Object.entries(event.values).every(([name, value]) => !(name in values) || Bun.deepEquals(value, values[name]));

function describe({ seq, topic, action, values }: Expected | Received): string {
  const text = JSON.stringify(values);
  return `change ${seq}, ${action} on ${topic}: ${text.length > 160 ? `${text.slice(0, 160)}…` : text}`;
}
