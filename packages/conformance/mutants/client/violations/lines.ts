import { ALWAYS, inEachField, inField, type Violation, violation } from "./violation.ts";

const ALL_ENDS = /\r\n|\n|\r/;

/** Ends of lines: some missing, some too many. */
const LINE_ENDS: readonly Violation[] = [
  violation("lineEnds", "ends lines at LF only", { lineEnd: () => /\n/ }),
  violation("lineEnds", "ends lines at LF and CRLF only", { lineEnd: () => /\r?\n/ }),
  violation("lineEnds", "ends lines at CR and CRLF only", {
    lineEnd: ({ source }) => new RegExp(source.replace("|\\n", "")),
  }),
  violation("lineEnds", "takes CRLF for two line endings", { lineEnd: () => /\n|\r/ }),
  violation("lineEnds", "takes LF CR for one line ending", { lineEnd: ({ source }) => new RegExp(`\\n\\r|${source}`) }),
  violation("lineEnds", "takes CR and LF that arrive separately for two line endings", { lineEnd: () => ALL_ENDS }),
  violation("lineEnds", "waits for what follows a CR at the end of the stream", { lineEnd: () => /\r\n|\n|\r(?!$)/ }),
  violation("lineEnds", "skips empty lines that follow one another", {
    text: (text) => text.replaceAll(/(\r\n){2,}/g, "\r\n"),
  }),
];

const NOT_LINE_ENDS: Readonly<Record<string, string>> = {
  "U+000B": "\v",
  "U+000C": "\f",
  "U+001C": "\x1c",
  "U+001D": "\x1d",
  "U+001E": "\x1e",
  "U+0085": "\x85",
  "U+2028": "\u2028",
  "U+2029": "\u2029",
};

const splitsAt = Object.entries(NOT_LINE_ENDS).flatMap(([name, character]) => [
  violation("characters", `ends lines at ${name}`, { text: (text) => text.replaceAll(character, "\n") }),
  violation("characters", `drops ${name}`, { text: (text) => text.replaceAll(character, "") }),
]);

const COMMENTS: readonly Violation[] = [
  violation("comment", "takes comments for data", {
    field: ([name, value]) => (name === "" ? ["data", value] : [name, value]),
  }),
  violation("comment", "reads the field that follows a comment's colon", {
    field: ([name, value], _, line) =>
      name === "" && line.startsWith(":data:") ? ["data", line.slice(6)] : [name, value],
  }),
  violation("comment", "ends the event at a comment", {
    lines: (lines) => lines.map((line) => (line[0] === ":" ? "" : line)),
  }),
  violation("comment", "dispatches an event for each comment block", {
    lines: (lines) => lines.flatMap((line) => (line === ":" ? ["data:", ""] : [line])),
  }),
  violation("comment", "skips the line after a comment", {
    lines: (lines) => lines.filter((_, at) => !lines[at - 1]?.startsWith(":")),
  }),
];

const VALUES: readonly Violation[] = [
  ...inEachField(
    "firstColon",
    (name) => `cuts the value of ${name} at its second colon`,
    (_, value) => value.split(":")[0]!,
  ),
  ...inEachField(
    "firstColon",
    (name) => `takes what follows the last colon as the value of ${name}`,
    (_, value) => value.split(":").at(-1)!,
  ),
  ...inEachField(
    "firstColon",
    (name) => `drops colons in the value of ${name}`,
    (_, value) => value.replaceAll(":", ""),
  ),
  ...inEachField(
    "oneSpace",
    (name) => `keeps the space before the value of ${name}`,
    (raw) => raw,
  ),
  ...inEachField(
    "oneSpace",
    (name) => `trims the start of ${name}`,
    (_, value) => value.trimStart(),
  ),
  ...inEachField(
    "oneSpace",
    (name) => `trims the end of ${name}`,
    (_, value) => value.trimEnd(),
  ),
  ...inEachField(
    "oneSpace",
    (name) => `trims ${name}`,
    (_, value) => value.trim(),
  ),
  ...inEachField(
    "oneSpace",
    (name) => `always removes the first character of ${name}`,
    (raw) => raw.slice(1),
  ),
  violation(
    "oneSpace",
    "removes a tab after the colon",
    inField("data", (raw, value) => value.replace(/^\t/, "")),
  ),
  violation(
    "oneSpace",
    "removes a no-break space",
    inField("data", (raw, value) => value.replace(/^\u00a0/, "")),
  ),
  violation(
    "oneSpace",
    "joins runs of spaces",
    inField("data", (_, value) => value.replaceAll(/ +/g, " ")),
  ),
];

const withoutColon = (name: string) => ({ lines: (lines: readonly string[]) => lines.filter((line) => line !== name) });

const NAMES: readonly Violation[] = [
  ...["data", "event", "id"].map((name) => violation("noColon", `ignores ${name} without a colon`, withoutColon(name))),
  violation("noColon", "takes a line without a colon for data", {
    field: ([name, value], _, line) => (line.includes(":") ? [name, value] : ["data", name === "data" ? value : line]),
  }),
  violation("noColon", "ends the event at a line without a colon", {
    lines: (lines) => lines.map((line) => (line === "bar" ? "" : line)),
  }),
  violation("literalNames", "ignores the letter case of names", {
    field: ([name, value]) => [name.toLowerCase(), value],
  }),
  violation("literalNames", "trims the start of names", { field: ([name, value]) => [name.trimStart(), value] }),
  violation("literalNames", "trims the end of names", { field: ([name, value]) => [name.trimEnd(), value] }),
  violation("literalNames", "trims lines", { lines: (lines) => lines.map((line) => line.trimStart()) }),
  violation("unknownField", "takes unknown fields for data", {
    field: ([name, value]) => (["", "data", "event", "id", "retry"].includes(name) ? [name, value] : ["data", value]),
  }),
  violation("unknownField", "matches the start of names", {
    field: ([name, value]) => [name.startsWith("data") ? "data" : name, value],
  }),
  violation("unknownField", "takes abbreviated names", {
    field: ([name, value]) => [name.length > 1 && "data".startsWith(name) ? "data" : name, value],
  }),
  violation("unknownField", "drops NULL from names", { field: ([name, value]) => [name.replaceAll("\0", ""), value] }),
  violation("unknownField", "ends the event at an unknown field", {
    lines: (lines) => lines.map((line) => (line.startsWith("foo:") ? "" : line)),
  }),
  violation("unknownField", "ends the stream at an unknown field", () => {
    let isOver = false;
    return {
      lines: (lines) => lines.filter((line) => !(isOver ||= line.startsWith("{}"))),
    };
  }),
  violation(
    "unknownField",
    "appends unknown lines to the data before them",
    {
      lines: (lines) => lines.map((line) => (/^(foo|bar|\{\})/.test(line) ? `data:${line}` : line)),
    },
    ALWAYS,
  ),
];

export const lineViolations: readonly Violation[] = [...LINE_ENDS, ...splitsAt, ...COMMENTS, ...VALUES, ...NAMES];
