import type { SseProblem } from "@headwater/protocol";
import type { Case } from "../../core/case.ts";
import { show } from "../../core/checks.ts";
import type { Recording } from "../../stream/recording.ts";
import { everyConnection } from "./every-connection.ts";
import { STANDARD } from "./standards.ts";
import type { SseContext } from "./target.ts";

const group = "Format";

/** The longest reconnection time that is not a mistake, in milliseconds. */
const LONGEST_RETRY_MS = 3_600_000;

const problem = ({ stream }: Recording, code: SseProblem["code"], fault: string): string | undefined => {
  const text = stream.problems.find((each) => each.code === code)?.text;
  return text === undefined ? undefined : `${fault}: ${show(text)}`;
};

/** The format of the stream. */
export const formatCases: readonly Case<SseContext>[] = [
  everyConnection(group, "the stream is valid UTF-8", STANDARD.charset, ({ stream: { invalidUtf8 } }) =>
    invalidUtf8 === undefined ? undefined : `bytes that are not UTF-8: ${show(invalidUtf8)}`,
  ),
  everyConnection(group, "every line is a field, a comment or empty", STANDARD.fields, (recording) =>
    problem(recording, "unknown-field", "a line that is not a field, perhaps a line break in data"),
  ),
  everyConnection(group, "every named event has data", STANDARD.data, (recording) =>
    problem(recording, "missing-data", "an event without data, which clients do not dispatch"),
  ),
  everyConnection(group, "retry is a number of milliseconds", STANDARD.retry, (recording) => {
    const longest = Math.max(0, ...recording.stream.retries);
    if (longest > LONGEST_RETRY_MS) return `retry:${longest}: clients would wait more than an hour`;
    return problem(recording, "invalid-retry", "a reconnection time with characters other than digits");
  }),
  everyConnection(group, "ids do not contain NULL", STANDARD.id, (recording) =>
    problem(recording, "invalid-id", "an id that contains U+0000"),
  ),
  everyConnection(group, "the last event ends with an empty line", STANDARD.end, (recording) =>
    problem(recording, "incomplete-event", "the stream ends in the middle of an event, which is lost"),
  ),
];

/** For endpoints that promise JSON data. */
export const jsonCase: Case<SseContext> = everyConnection(
  group,
  "data is JSON, and events have names",
  STANDARD.json,
  ({ events }) => {
    const text = events.find(({ data }) => !isJson(data));
    if (text) return `the data of ${text.event} is not JSON: ${show(text.data)}`;
    const nameless = events.find(({ event }) => event === "message");
    return nameless && `an event without a name: ${show(nameless.data)}`;
  },
);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
