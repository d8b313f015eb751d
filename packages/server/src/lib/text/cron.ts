const MACROS: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** The least and the greatest value of minute, hour, day, month and weekday. */
const BOUNDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;

/** What is wrong with a cron expression, in PocketBase's words; `undefined` if it is valid. */
export function cronProblem(expression: string): string | undefined {
  const segments = (MACROS[expression] ?? expression).split(" ");
  if (segments.length !== BOUNDS.length) {
    return "invalid cron expression - must be a valid macro or to have exactly 5 space separated segments";
  }
  for (const [index, [min, max]] of BOUNDS.entries()) {
    for (const part of segments[index]!.split(",")) {
      const problem = partProblem(part, min, max);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** A part is `*`, a value or a range, with an optional step: `1-30/2`. */
function partProblem(part: string, min: number, max: number): string | undefined {
  const [range = "", step = "1", ...rest] = part.split("/");
  if (rest.length > 0) return "invalid segment step format - must be in the format */n or 1-30/n";
  const every = integer(step);
  if (every === undefined) return notANumber(step);
  if (every < 1 || every > max) {
    return part.includes("/") ? `invalid segment step boundary - the step must be between 1 and the ${max}` : undefined;
  }
  return range === "*" ? undefined : rangeProblem(range, every, min, max);
}

function rangeProblem(range: string, step: number, min: number, max: number): string | undefined {
  const [from = "", to, ...rest] = range.split("-");
  if (rest.length > 0) return "invalid segment range format - the range must have 1 or 2 parts";
  if (to === undefined && step !== 1) {
    return "invalid segment step - step > 1 could be used only with the wildcard or range format";
  }
  const first = integer(from);
  if (first === undefined) return notANumber(from);
  if (first < min || first > max) {
    return to === undefined
      ? "invalid segment value - must be between the min and max of the segment"
      : `invalid segment range minimum - must be between ${min} and ${max}`;
  }
  if (to === undefined) return undefined;
  const last = integer(to);
  if (last === undefined) return notANumber(to);
  return last < first || last > max ? `invalid segment range maximum - must be between ${first} and ${max}` : undefined;
}

const integer = (text: string): number | undefined => (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined);

const notANumber = (text: string): string => `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
