import type { Answer, Attackers } from "./attackers.ts";
import { type Phase, type Probe, PROBES } from "@headwater/testing/bystander/measurement.ts";

/** The p99 that others must get during an attack on an idle machine of two cores, in milliseconds. */
const PROMISED_MS = 100;
/** A short run measures so few requests that its p99 is the slowest of them, and a pause of the machine counts in full. */
const SHORT_MS = 1_000;
/** On a busy machine: relative to the quiet server, or to a server that does nothing, whichever is slower. */
const MAX_RATIO = 20;
/** A machine that is busier than that is slow in itself: from there on, the bound grows less. */
const BUSY_MS = 50;
const BUSY_RATIO = 4;
/** How long one write may hold up others, and how much longer on a busy machine. */
const ONE_WRITE_MS = 5_000;
const ONE_WRITE_RATIO = 100;
const MAX_BYTES = 1e9;
/** Of one answer. */
const MAX_ANSWER_BYTES = 100e6;

type Phases = Readonly<Record<string, Phase>>;

/** A row of the table that `npm run stress` prints. */
export interface Figures {
  readonly quiet: string;
  readonly during: string;
  readonly control: string;
  readonly megabytes: string;
  readonly answers: string;
}

const SERVED = PROBES.filter((probe) => probe !== "control");

/** What an attack may do to others, and get for itself. */
export interface Bounds {
  readonly answers: readonly Answer[];
  /** Whether it is one long write, which other writes wait for. */
  readonly isOneWrite?: boolean;
}

export function figuresOf(phases: Phases, attackers: Attackers): Figures {
  const [quiet, attack] = [phases["quiet"]!, phases["attack"]!];
  const p99s = ({ latencies }: Phase): string => SERVED.map((probe) => latencies[probe].p99.toFixed(0)).join(" / ");
  return {
    quiet: p99s(quiet),
    during: p99s(attack),
    control: attack.latencies.control.p99.toFixed(0),
    megabytes: (peakOf(phases) / 1e6).toFixed(0),
    answers: answersOf(attackers.answers),
  };
}

const peakOf = (phases: Phases): number => Math.max(...Object.values(phases).map(({ peakBytes }) => peakBytes));

const answersOf = (answers: ReadonlyMap<Answer, number>): string =>
  [...answers].map(([answer, count]) => `${count} × ${answer}`).join(", ") || "none";

/** What is wrong with what the others, the attackers and the machine got. */
export function faultsOf(phases: Phases, attackers: Attackers, bounds: Bounds, isShort: boolean): string[] {
  const { answers, isOneWrite = false } = bounds;
  const promisedMs = isShort ? SHORT_MS : PROMISED_MS;
  const faults = SERVED.flatMap((probe) => slownessOf(probe, phases, isOneWrite, promisedMs));
  for (const [name, { failures }] of Object.entries(phases)) {
    for (const failure of failures.slice(0, 3)) faults.push(`${name}: the bystander saw ${failure}`);
  }
  const bytes = peakOf(phases);
  const { largestAnswer } = attackers;
  if (largestAnswer > MAX_ANSWER_BYTES) faults.push(`an answer had ${(largestAnswer / 1e6).toFixed(0)} MB`);
  if (bytes > MAX_BYTES) faults.push(`the server took ${(bytes / 1e6).toFixed(0)} MB`);
  const others = [...attackers.answers].filter(([answer]) => !answers.includes(answer));
  if (others.length > 0) faults.push(`attackers got ${answersOf(new Map(others))}, not only ${answers.join(", ")}`);
  return faults;
}

function slownessOf(probe: Probe, phases: Phases, isOneWrite: boolean, promisedMs: number): string[] {
  const [quiet, attack] = [phases["quiet"]!.latencies, phases["attack"]!.latencies];
  const { p99, count } = attack[probe];
  if (count === 0) return [`no ${probe} was measured`];
  const idle = Math.max(quiet[probe].p99, attack.control.p99);
  const isWaiting = isOneWrite && (probe === "write" || probe === "event");
  const least = isWaiting ? Math.max(ONE_WRITE_MS, ONE_WRITE_RATIO * idle) : promisedMs;
  const bound = Math.max(least, MAX_RATIO * Math.min(idle, BUSY_MS) + BUSY_RATIO * Math.max(0, idle - BUSY_MS));
  return p99 <= bound ? [] : [`${probe}: p99 ${p99.toFixed(0)} ms, more than ${bound.toFixed(0)} ms`];
}
