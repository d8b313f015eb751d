import { type KnownDifference, knownDifference } from "../known-differences.ts";
import type { Answer } from "./answer.ts";
import type { Peer, Servers } from "./peers.ts";
import { shorten } from "./recordings.ts";
import type { Family, Scenario } from "./scenario.ts";

export interface Outcome {
  readonly scenario: Scenario;
  readonly ours: readonly Answer[];
  /** Undefined if it was never recorded. */
  readonly theirs: readonly Answer[] | undefined;
  readonly isSame: boolean;
  readonly known: KnownDifference | undefined;
}

/** Plays a family against both servers. All its scenarios are played, since they change data; only those asked for count. */
export async function runFamily(family: Family, servers: Servers): Promise<readonly Outcome[]> {
  const { only } = servers.options;
  const [ours, theirs] = await Promise.all([servers.ours(family), servers.theirs(family)]);
  try {
    const outcomes: Outcome[] = [];
    for (const scenario of family.scenarios) {
      const known = knownDifference(family.name, scenario.name);
      const outcome = { ...(await compare(ours, theirs, scenario)), known };
      if (only === undefined || scenario.name.includes(only)) outcomes.push(outcome);
    }
    return outcomes;
  } finally {
    await Promise.all([ours[Symbol.asyncDispose](), theirs[Symbol.asyncDispose]()]);
  }
}

/** Recordings have long bodies in short. */
const isSame = (our: readonly Answer[], their: readonly Answer[] | undefined): boolean =>
  JSON.stringify(our.map(shortened)) === JSON.stringify(their?.map(shortened));

const shortened = (answer: Answer): Answer => ({ ...answer, body: shorten(answer.body) });

async function compare(ours: Peer, theirs: Peer, scenario: Scenario): Promise<Omit<Outcome, "known">> {
  const [our, their] = await Promise.all([ours.answer(scenario), theirs.answer(scenario)]);
  return { scenario, ours: our!, theirs: their, isSame: isSame(our!, their) };
}
