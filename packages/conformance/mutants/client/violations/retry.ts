import type { Parts } from "../parts.ts";
import { ALWAYS, type Violation, violation } from "./violation.ts";

const DEFAULT_MS = 120;
const LONGEST_TIMER = 2 ** 31 - 1;

const reads = (read: (value: string) => number): Partial<Parts> => ({
  retry: (right, _, value) => {
    const taken = read(value);
    return right ?? (Number.isNaN(taken) ? undefined : taken);
  },
});

/** A reconnection time that counts only once something else has come. */
const countsAfter = (comes: "an event" | "an empty line") => (): Partial<Parts> => {
  let [pending, counting]: [number | undefined, number | undefined] = [undefined, undefined];
  return {
    retry(right) {
      pending = right ?? pending;
      return undefined;
    },
    afterEvent(right, _, { data }) {
      if (comes === "an empty line" || data !== "") counting = pending;
      return right;
    },
    wait: (right) => Math.min(counting ?? right, LONGEST_TIMER),
  };
};

const WAITS: readonly Violation[] = [
  violation("retryWait", "ignores retry", { retry: () => undefined }),
  violation("retryWait", "ignores retry, and waits for long", { wait: () => 1_300 }, ALWAYS),
  violation("retryWait", "waits half as long", { wait: (right) => right / 2 }),
  violation("retryWait", "reconnects at once", { wait: () => 0 }),
  violation("retryWait", "waits 600 ms at most", { wait: (right) => Math.min(right, 600) }),
  // On later connections only, a client may wait some more.
  violation(
    "retryWait",
    "waits 1,100 ms at least",
    { wait: (right) => Math.min(Math.max(right, 1_100), LONGEST_TIMER) },
    ALWAYS,
  ),
  violation(
    "retryWait",
    "takes the first retry only",
    () => {
      let first: number | undefined;
      return { retry: (right) => (first ??= right) };
    },
    ALWAYS,
  ),
  violation("retryWait", "passes any retry to a timer of 31 bits", { wait: (right) => right }),
];

const VALUES: readonly Violation[] = [
  violation(
    "retryValue",
    "forgets retry with each connection",
    {
      remembered: (right) => ({ ...right, retryMs: DEFAULT_MS }),
    },
    ["every", "later"],
  ),
  violation(
    "retryValue",
    "forgets retry when it has counted twice",
    () => {
      let count = 0;
      return {
        retry: (right) => ((count = 0), right),
        wait: (right) => (++count > 1 ? DEFAULT_MS : Math.min(right, LONGEST_TIMER)),
      };
    },
    ALWAYS,
  ),
  violation("retryValue", "takes retry with an event only", countsAfter("an event")),
  violation("retryValue", "takes retry at an empty line only", countsAfter("an empty line")),
  violation("retryValue", "takes the retry 0 for none", { retry: (right) => (right === 0 ? undefined : right) }),
  violation("retryValue", "takes a leading 0 for octal", {
    retry: (right, _, value) => (/^0[0-7]+$/.test(value) ? Number.parseInt(value, 8) : right),
  }),
  violation("retryValue", "ignores a retry with a leading 0", {
    retry: (right, _, value) => (/^0./.test(value) ? undefined : right),
  }),
];

const INVALID: readonly Violation[] = [
  violation(
    "retryInvalid",
    "takes digits before something else",
    reads((value) => Number.parseInt(value, 10)),
  ),
  violation(
    "retryInvalid",
    "takes whatever is a number of JavaScript",
    reads((value) => (value.trim() === "" ? NaN : Number(value))),
  ),
  violation(
    "retryInvalid",
    "takes a retry with a sign",
    reads((value) => (/^[+-]\d+$/.test(value) ? Number(value) : NaN)),
  ),
  violation(
    "retryInvalid",
    "takes a retry with a fraction",
    reads((value) => (/^\d+\.\d+$/.test(value) ? Number(value) : NaN)),
  ),
  violation(
    "retryInvalid",
    "takes a retry with an exponent",
    reads((value) => (/^\d+e\d+$/.test(value) ? Number(value) : NaN)),
  ),
  violation(
    "retryInvalid",
    "takes a hexadecimal retry",
    reads((value) => (/^0x\d+$/.test(value) ? Number(value) : NaN)),
  ),
  violation(
    "retryInvalid",
    "takes a retry with spaces",
    reads((value) => (/^ *\d+ *$/.test(value) ? Number(value) : NaN)),
  ),
  violation(
    "retryInvalid",
    "takes digits of every script",
    reads((value) => (/^\p{Nd}+$/u.test(value) ? 30 : NaN)),
  ),
  violation(
    "retryInvalid",
    "drops what is no digit",
    reads((value) => Number(value.replaceAll(/\D/g, "") || NaN)),
  ),
  violation("retryInvalid", "resets its time for a retry that is invalid", { retry: (right) => right ?? DEFAULT_MS }),
  violation("retryInvalid", "stops for a retry that is invalid", () => {
    let isValid = true;
    return {
      retry: (right) => {
        isValid &&= right !== undefined;
        return right;
      },
      goesOn: () => isValid,
    };
  }),
];

export const retryViolations: readonly Violation[] = [...WAITS, ...VALUES, ...INVALID];
