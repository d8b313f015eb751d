/** Milliseconds of CPU time, which other processes don't lengthen. Shorter runs say nothing about growth. */
const SIGNIFICANT = 30;
/** No linear function takes so many milliseconds for fewer than `HUGE` characters. */
const HOPELESS = 300;
const HUGE = 1 << 16;
/** A text of twice the length takes twice as long in linear time, four times in quadratic. */
const RATIO = 3;

/**
 * Runs a function on longer and longer texts. Returns the length at which its time grew faster than the text, or
 * `undefined` if it is linear. What counts is the ratio of two runs, not their time.
 *
 * @param longest characters
 */
export function superlinearFrom(
  textOf: (length: number) => string,
  run: (text: string) => unknown,
  longest = 1 << 20,
): number | undefined {
  for (let length = 16; length <= longest; length = next(length)) {
    const text = textOf(length);
    const time = best(1, text, run);
    if (length < HUGE && time > HOPELESS && best(3, text, run) > HOPELESS) return length;
    if (time < SIGNIFICANT || length < 4096) continue;
    // Once is a pause of the machine, or an engine that changes to its interpreter. Twice in a row is growth.
    const grows = (runs: number): boolean => {
      const [quarter, half] = [best(runs, textOf(length / 4), run), best(runs, textOf(length / 2), run)];
      return half / quarter >= RATIO && best(runs, text, run) / half >= RATIO;
    };
    if (grows(1) && grows(3) && grows(5)) return length;
  }
  return undefined;
}

/** Exponential time must be found in small steps: a step too far never ends. */
const next = (length: number): number => (length < 1024 ? Math.ceil(length * 1.2) : length * 2);

/** The shortest of some runs, in milliseconds of CPU time. */
function best(runs: number, text: string, run: (text: string) => unknown): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = process.cpuUsage();
    run(text);
    const { user, system } = process.cpuUsage(start);
    shortest = Math.min(shortest, (user + system) / 1000);
  }
  return shortest;
}
