import type { FileType } from "./file-type.ts";

/** The type of a text by its first bytes, as PocketBase names it; `undefined` for binary content. */
export function sniffText(head: Uint8Array): FileType | undefined {
  if (head.length === 0) return { contentType: "text/plain", extension: ".txt" };
  const charset = charsetOf(head);
  if (charset === undefined) return undefined;
  const parameter = charset === "windows-1252" ? "" : `; charset=${charset}`;
  const text = new TextDecoder(charset).decode(head).trimStart();
  const kind = KINDS.find((candidate) => candidate.matches(text));
  if (kind === undefined) return { contentType: `text/plain${parameter}`, extension: ".txt" };
  const { contentType, extension, hasCharset } = kind;
  return { contentType: hasCharset ? contentType + parameter : contentType, extension };
}

interface TextKind extends FileType {
  readonly hasCharset: boolean;
  readonly matches: (text: string) => boolean;
}

const kind = (extension: string, contentType: string, matches: TextKind["matches"], hasCharset = false): TextKind => ({
  contentType,
  extension,
  hasCharset,
  matches,
});

const HTML =
  /^<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)(?:[ >]|(?<=!--))/i;
const SUBTITLE = /^\d+\r?\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}/;

/** The first match wins. */
const KINDS: readonly TextKind[] = [
  kind(".html", "text/html", (text) => HTML.test(text), true),
  kind(".svg", "image/svg+xml", isSvg),
  kind(".xml", "text/xml", (text) => text.startsWith("<?xml"), true),
  kind(".php", "text/x-php", (text) => /^(?:<\?php|<\?\n|<\?\r|<\? )/i.test(text)),
  kind(".py", "text/x-python", (text) => /^#!.*\bpython/.test(text)),
  kind(".sh", "text/x-shellscript", (text) => /^#!.*\b(?:ba|da|z|k)?sh\b/.test(text)),
  kind(".geojson", "application/geo+json", (text) => isJson(text) && GEO.test(text)),
  kind(".json", "application/json", isJson),
  kind(".ndjson", "application/x-ndjson", isJsonLines),
  kind(".srt", "application/x-subrip", (text) => SUBTITLE.test(text)),
  kind(".csv", "text/csv", (text) => isTable(text, ",")),
  kind(".tsv", "text/tab-separated-values", (text) => isTable(text, "\t")),
];

const DOCTYPE = /^<!doctype svg/i;
const ROOT = /^<svg[\s/>]/i;

/** Where the text goes on after the next `mark`: at its end if there is none. */
function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at]!.trim() === "") at += 1;
  return at;
}

/** A declaration, comments and a doctype may precede the root element. */
function isSvg(text: string): boolean {
  let at = text.startsWith("<?xml") ? after(text, ">", 0) : 0;
  for (;;) {
    at = skipSpaces(text, at);
    if (text.startsWith("<!--", at)) at = after(text, "-->", at + 4);
    else if (DOCTYPE.test(text.slice(at, at + 14))) at = after(text, ">", at);
    else return ROOT.test(text.slice(at, at + 5));
  }
}

function isJson(text: string): boolean {
  if (!/^[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const GEO =
  /^\{\s*"type"\s*:\s*"(?:Feature|FeatureCollection|Point|LineString|Polygon|MultiPoint|MultiLineString|MultiPolygon|GeometryCollection)"/;

/** At least two lines, each a JSON object or list. */
function isJsonLines(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.length > 1 && lines.every(isJson);
}

/** At least two lines with the same number of columns, which is more than one. */
function isTable(text: string, separator: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  const columns = lines.map((line) => withoutQuoted(line).split(separator).length);
  return columns.length > 1 && columns[0]! > 1 && columns.every((count) => count === columns[0]);
}

/** Two quotes inside of a quoted part are one character of it; to leave out two parts is the same. */
function withoutQuoted(line: string): string {
  let rest = "";
  let at = 0;
  for (;;) {
    const open = line.indexOf('"', at);
    const close = open < 0 ? -1 : line.indexOf('"', open + 1);
    if (close < 0) return rest + line.slice(at);
    rest += line.slice(at, open);
    at = close + 1;
  }
}

/** A "binary data byte" (https://mimesniff.spec.whatwg.org/#binary-data-byte). */
const isBinary = (byte: number): boolean =>
  byte <= 0x08 || byte === 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);

type Charset = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252" | "iso-8859-1";

function charsetOf(head: Uint8Array): Charset | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return "utf-16le";
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  if (head.some(isBinary)) return undefined;
  try {
    // `stream` accepts a character that is cut at the end.
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true });
    return "utf-8";
  } catch {
    return head.some((byte) => byte >= 0x80 && byte <= 0x9f) ? "windows-1252" : "iso-8859-1";
  }
}
