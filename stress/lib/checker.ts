/** What one client should have got of one change, on one of its topics. */
export interface Expected {
  readonly seq: number;
  readonly topic: string;
  readonly action: string;
  /** The record's values in the log. */
  readonly values: Readonly<Record<string, unknown>>;
  /** `may`: the rules changed between the commit and the arrival, so that both answers are right. */
  readonly duty: "must" | "may";
}

/** What it did get. */
export interface Received {
  readonly seq: number;
  readonly topic: string;
  readonly action: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export const FAULTS = ["lost", "doubled", "reordered", "unauthorised", "untrue"] as const;
export type Fault = (typeof FAULTS)[number];

/** How many events were looked at, how many of them were wrong in which way, and the first of those in words. */
export interface Verdict extends Readonly<Record<Fault, number>> {
  readonly checked: number;
  readonly first: readonly string[];
}

const SHOWN = 5;

/**
 * Compares what a client got with what it should have got. An event is
 * - lost if it must come and did not,
 * - doubled if it came before,
 * - reordered if one of a later change came before it,
 * - unauthorised if nothing says that this client may see it, be it a change of the log or not,
 * - untrue if it says something else than the log.
 */
export function check(expected: readonly Expected[], seen: readonly Received[]): Verdict {
  const wanted = new Map(expected.map((event) => [key(event), event]));
  const arrived = new Set<string>();
  const findings: (readonly [fault: Fault, event: Expected | Received])[] = [];
  let newest = 0;
  for (const event of seen) {
    const wish = wanted.get(key(event));
    if (!wish) findings.push(["unauthorised", event]);
    else if (arrived.has(key(event))) findings.push(["doubled", event]);
    else if (event.seq < newest) findings.push(["reordered", event]);
    else if (!agrees(event, wish)) findings.push(["untrue", event]);
    arrived.add(key(event));
    newest = Math.max(newest, event.seq);
  }
  for (const wish of expected) if (wish.duty === "must" && !arrived.has(key(wish))) findings.push(["lost", wish]);
  const count = (fault: Fault): number => findings.filter(([found]) => found === fault).length;
  return {
    checked: seen.length,
    lost: count("lost"),
    doubled: count("doubled"),
    reordered: count("reordered"),
    unauthorised: count("unauthorised"),
    untrue: count("untrue"),
    first: findings.slice(0, SHOWN).map(([fault, event]) => `${fault}: ${describe(event)}`),
  };
}

export const NOTHING_WRONG: Verdict = {
  checked: 0,
  lost: 0,
  doubled: 0,
  reordered: 0,
  unauthorised: 0,
  untrue: 0,
  first: [],
};

export const faultsOf = (verdict: Verdict): number => FAULTS.reduce((total, fault) => total + verdict[fault], 0);

export const sum = (a: Verdict, b: Verdict): Verdict => ({
  checked: a.checked + b.checked,
  lost: a.lost + b.lost,
  doubled: a.doubled + b.doubled,
  reordered: a.reordered + b.reordered,
  unauthorised: a.unauthorised + b.unauthorised,
  untrue: a.untrue + b.untrue,
  first: [...a.first, ...b.first].slice(0, SHOWN),
});

const key = ({ seq, topic }: Expected | Received): string => `${seq} ${topic}`;

/** Events show less than the log (no hidden fields) and name the collection; what both have must be the same. */
const agrees = (event: Received, { action, values }: Expected): boolean =>
  event.action === action &&
  Object.entries(event.values).every(([name, value]) => !(name in values) || Bun.deepEquals(value, values[name]));

function describe({ seq, topic, action, values }: Expected | Received): string {
  const text = JSON.stringify(values);
  return `change ${seq}, ${action} on ${topic}: ${text.length > 160 ? `${text.slice(0, 160)}…` : text}`;
}
