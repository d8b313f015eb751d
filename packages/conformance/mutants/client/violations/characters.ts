import type { Decoder } from "../parts.ts";
import { inField, type Violation, violation } from "./violation.ts";

const BOM = "\ufeff";

const UTF8: readonly Violation[] = [
  violation("utf8", "decodes each chunk on its own", {
    decoder: () => ({ decode: (bytes) => new TextDecoder().decode(bytes) }),
  }),
  violation("utf8", "decodes each chunk on its own, but keeps byte order marks", {
    decoder: () => ({ decode: (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) }),
  }),
  violation("utf8", "decodes as Windows-1252", { decoder: () => new TextDecoder("windows-1252") }),
  violation("utf8", "ends the stream at invalid UTF-8", { decoder: () => new TextDecoder("utf-8", { fatal: true }) }),
  violation("utf8", "drops invalid UTF-8", { text: (text) => text.replaceAll("a\ufffdb", "ab") }),
  violation("utf8", "drops what can't be decoded and the line feed after it", {
    text: (text) => text.replaceAll("\ufffd\ndata", "\ufffddata"),
  }),
  violation("utf8", "ends a line at each end of a chunk", {
    text: (text) => (/[\r\n]$|^$/.test(text) ? text : `${text}\n`),
  }),
  violation("utf8", "drops a chunk of one byte", { bytes: (pieces) => pieces.filter(({ length }) => length !== 1) }),
  violation("utf8", "drops the first space of a chunk", { text: (text) => text.replace(/^ /, "") }),
  violation("utf8", "drops empty lines at the start of a chunk", { text: (text) => text.replace(/^\r\n/, "") }),
];

const keepsBom = (): Decoder => new TextDecoder("utf-8", { ignoreBOM: true });

const BYTE_ORDER_MARKS: readonly Violation[] = [
  violation("byteOrderMark", "keeps the byte order mark", { decoder: keepsBom }),
  violation("byteOrderMark", "removes byte order marks everywhere", { text: (text) => text.replaceAll(BOM, "") }),
  violation("byteOrderMark", "removes byte order marks at the start of lines", {
    lines: (lines) => lines.map((line) => line.replace(BOM, (mark, at) => (at === 0 ? "" : mark))),
  }),
  violation("byteOrderMark", "removes byte order marks at the end of lines", {
    lines: (lines) => lines.map((line) => line.replace(/\ufeff$/, "")),
  }),
  violation(
    "byteOrderMark",
    "removes the byte order mark of a value",
    inField("data", (_, value) => value.replace(/^\ufeff/, "")),
  ),
  violation("byteOrderMark", "removes all leading byte order marks", () => {
    const begun = new Set<number>();
    return {
      text(text, { connection }) {
        const isStart = !begun.has(connection);
        if (text !== "") begun.add(connection);
        return isStart ? text.replace(/^\ufeff+/, "") : text;
      },
    };
  }),
];

const changesValue = (does: string, change: (value: string) => string): Violation =>
  violation(
    "characters",
    does,
    inField("data", (_, value) => change(value)),
  );

const UNCHANGED: readonly Violation[] = [
  changesValue("drops NULL", (value) => value.replaceAll("\0", "")),
  changesValue("cuts data at NULL", (value) => value.split("\0")[0]!),
  changesValue("replaces NULL", (value) => value.replaceAll("\0", "\ufffd")),
  changesValue("normalizes characters", (value) => value.normalize("NFC")),
  changesValue("decomposes characters", (value) => value.normalize("NFD")),
  changesValue("drops U+FFFF", (value) => value.replaceAll("\uffff", "")),
  changesValue("drops characters beyond the basic plane", (value) => value.replaceAll(/[\ud800-\udfff]/g, "")),
  changesValue("decodes entities", (value) => value.replaceAll("&amp;", "&")),
  changesValue("decodes backslashes", (value) => value.replaceAll("\\n", "\n")),
  changesValue("decodes percent signs", (value) => value.replaceAll("%20", " ")),
  changesValue("parses JSON", (value) => (value.startsWith("{") ? JSON.stringify(JSON.parse(value)) : value)),
  changesValue("takes null for nothing", (value) => (value === "null" ? "" : value)),
  changesValue("cuts lines at 64 kB", (value) => value.slice(0, 1 << 16)),
  violation("characters", "drops lines beyond 64 kB", {
    lines: (lines) => lines.filter(({ length }) => length <= 1 << 16),
  }),
  violation("characters", "drops events beyond 256 kB", {
    dispatch: (events) => events.filter(({ data }) => data.length <= 1 << 18),
  }),
  violation("characters", "reads no more than 1,000 lines of an event", {
    dispatch: (events) =>
      events.map((event) => ({ ...event, data: event.data.split("\n").slice(0, 1_000).join("\n") })),
  }),
];

const charsetOf = (type: string): string => /charset=(?<name>[^;]+)/i.exec(type)?.groups?.["name"] ?? "utf-8";

const CHARSETS: readonly Violation[] = [
  violation("onlyUtf8", "decodes as the content type says", {
    decoder: (_, __, type) => new TextDecoder(charsetOf(type) as Bun.Encoding),
  }),
  violation("onlyUtf8", "rejects another charset", {
    verdict: (right, _, { headers }) =>
      /^utf-8$/i.test(charsetOf(headers.get("content-type") ?? "")) ? right : "stop",
  }),
  violation("onlyUtf8", "reconnects after another charset", {
    verdict: (right, _, { headers }) =>
      /^utf-8$/i.test(charsetOf(headers.get("content-type") ?? "")) ? right : "reconnect",
  }),
];

export const characterViolations: readonly Violation[] = [...UTF8, ...BYTE_ORDER_MARKS, ...UNCHANGED, ...CHARSETS];
