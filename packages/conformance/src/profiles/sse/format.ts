import type { SseProblem } from "@headwater/protocol";
import type { Case } from "../../core/case.ts";
import { check, show } from "../../core/checks.ts";
import type { SseStream } from "../../stream/sse-stream.ts";
import { STANDARD } from "./standards.ts";
import type { SseContext } from "./target.ts";

const group = "Format";

function first(sample: SseStream, code: SseProblem["code"]): string | undefined {
  return sample.problems.find((problem) => problem.code === code)?.text;
}

/** The format of the stream. */
export const formatCases: readonly Case<SseContext>[] = [
  {
    group,
    name: "the stream is valid UTF-8",
    standard: STANDARD.charset,
    async run({ sample: { invalidUtf8 } }) {
      check(invalidUtf8 === undefined, `bytes that are not UTF-8: ${show(invalidUtf8)}`);
    },
  },
  {
    group,
    name: "every line is a field, a comment or empty",
    standard: STANDARD.fields,
    async run({ sample }) {
      const text = first(sample, "unknown-field");
      check(text === undefined, `a line that is not a field, perhaps a line break in data: ${show(text)}`);
    },
  },
  {
    group,
    name: "every named event has data",
    standard: STANDARD.data,
    async run({ sample }) {
      const text = first(sample, "missing-data");
      check(text === undefined, `an event without data, which clients do not dispatch: ${show(text)}`);
    },
  },
  {
    group,
    name: "retry is a number of milliseconds",
    standard: STANDARD.retry,
    async run({ sample }) {
      const text = first(sample, "invalid-retry");
      check(text === undefined, `a reconnection time with characters other than digits: ${show(text)}`);
      const longest = Math.max(0, ...sample.retries);
      check(longest <= 3_600_000, `retry:${longest}: clients would wait more than an hour`);
    },
  },
  {
    group,
    name: "ids do not contain NULL",
    standard: STANDARD.id,
    async run({ sample }) {
      const text = first(sample, "invalid-id");
      check(text === undefined, `an id that contains U+0000: ${show(text)}`);
    },
  },
  {
    group,
    name: "the last event ends with an empty line",
    standard: STANDARD.end,
    async run({ sample }) {
      const text = first(sample, "incomplete-event");
      check(text === undefined, `the stream ends in the middle of an event, which is lost: ${show(text)}`);
    },
  },
];

/** For endpoints that promise JSON data. */
export const jsonCase: Case<SseContext> = {
  group,
  name: "data is JSON, and events have names",
  standard: STANDARD.json,
  async run({ sample }) {
    for (const { event, data } of sample.events.items) {
      check(isJson(data), `the data of ${event} is not JSON: ${show(data)}`);
      check(event !== "message", `an event without a name: ${show(data)}`);
    }
  },
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
