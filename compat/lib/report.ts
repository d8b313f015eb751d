import type { Answer } from "./answer.ts";
import type { Outcome } from "./run-family.ts";

const MAX_LENGTH = 1_500;

export interface Totals {
  readonly scenarios: number;
  readonly same: number;
  /** Different, and named in the list of known differences. */
  readonly known: number;
  /** Different without a reason, never recorded, or marked as different but the same. */
  readonly wrong: number;
}

export const isWrong = ({ known, isSame }: Outcome): boolean => isSame === (known !== undefined);

export const totalsOf = (outcomes: readonly Outcome[]): Totals => ({
  scenarios: outcomes.length,
  same: outcomes.filter(({ isSame }) => isSame).length,
  known: outcomes.filter((outcome) => !outcome.isSame && !isWrong(outcome)).length,
  wrong: outcomes.filter(isWrong).length,
});

export const percentOf = ({ scenarios, same }: Totals): string =>
  `${((100 * same) / Math.max(1, scenarios)).toFixed(2)} %`;

/** Both answers, where they differ. */
export function explain({ scenario, ours, theirs, isSame, known }: Outcome): string {
  if (isSame) return `  SAME NOW ${scenario.name}: it is no known difference any more (${known?.key})`;
  if (theirs === undefined) return `  NOT RECORDED ${scenario.name}: run with --record`;
  const at = ours.findIndex((answer, index) => JSON.stringify(answer) !== JSON.stringify(theirs[index]));
  const [our, their] = [ours[at], theirs[at]];
  const step = scenario.steps.length > 1 ? ` (step ${at}: ${scenario.steps[at]?.send})` : "";
  return [
    `  DIFFERENT ${scenario.name}${step}`,
    ...parts("PocketBase", their, our),
    ...parts("Headwater ", our, their),
  ].join("\n");
}

function parts(who: string, answer: Answer | undefined, other: Answer | undefined): string[] {
  if (answer === undefined) return [`    ${who} has no answer`];
  const headers = Object.entries(answer.headers).filter(([name, value]) => other?.headers[name] !== value);
  const fields = headers.map(([name, value]) => ` ${name}: ${value};`).join("");
  const body =
    answer.body === other?.body && answer.status === other.status
      ? "(same body)"
      : around(answer.body, other?.body ?? "");
  return [`    ${who} ${answer.status}${fields} ${body}`];
}

/** The text, from a little before the place where it differs. */
function around(text: string, other: string): string {
  let at = 0;
  while (at < text.length && text[at] === other[at]) at += 1;
  const start = text.length > MAX_LENGTH ? Math.max(0, at - 200) : 0;
  const part = text.slice(start, start + MAX_LENGTH);
  return JSON.stringify(part).slice(1, -1).replaceAll('\\"', '"');
}
