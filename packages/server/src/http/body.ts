import { badRequest } from "../lib/api-error.ts";
import { readBytes } from "./body-bytes.ts";

/** A request's body, parsed by its content type. What its values mean is not decided yet. */
export type Body =
  | { readonly kind: "empty" }
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "form"; readonly values: FormTexts; readonly files: FormFiles };

export type FormTexts = ReadonlyMap<string, readonly string[]>;
export type FormFiles = ReadonlyMap<string, readonly File[]>;

const EMPTY: Body = { kind: "empty" };

/** Go's decoder refuses deeper nesting. The limit also bounds every recursion over a body. */
const MAX_DEPTH = 10_000;

/**
 * Reads a body by PocketBase's rules. Without a body there are no values, whatever the content type.
 *
 * @param url its parameters count as form values too, as in Go's `Request.Form`
 * @param limit bytes
 * @throws ApiError 413 above the limit, 400 for an unknown content type; any other error for a malformed body
 */
export async function readBody(raw: Request, url: URL, limit: number): Promise<Body> {
  if (raw.body === null || raw.headers.get("content-length") === "0") return EMPTY;
  const contentType = raw.headers.get("content-type") ?? "";
  const read = readerOf(contentType.toLowerCase());
  if (!read) throw badRequest("Unsupported Content-Type.");
  return read(await readBytes(raw, limit), contentType, url);
}

type BodyReader = (bytes: Uint8Array<ArrayBuffer>, contentType: string, url: URL) => Body | Promise<Body>;

function readerOf(contentType: string): BodyReader | undefined {
  if (contentType.startsWith("application/json")) return readJson;
  if (contentType.startsWith("multipart/form-data")) return readMultipart;
  if (contentType.startsWith("application/x-www-form-urlencoded")) return readUrlEncoded;
  if (/^(?:text|application)\/xml/.test(contentType)) return refuseXml;
  return undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readJson(bytes: Uint8Array): Body {
  const text = utf8.decode(bytes);
  assertShallow(text);
  return { kind: "json", value: MAYBE_HUGE.test(text) ? JSON.parse(text, assertFinite) : JSON.parse(text) };
}

/**
 * Matches text that may hold a number beyond 1e308, which Go refuses and JavaScript reads as infinite. The lookbehind lets
 * only the first digit of a run start a match: otherwise thirty megabytes of digits would take seconds.
 */
const MAYBE_HUGE = /\de\+?\d{3}|(?<!\d)\d{300}/i;

function assertFinite(_key: string, value: unknown): unknown {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) throw new RangeError("too large");
  return value;
}

/** Skips texts that are too short to nest too deeply. */
function assertShallow(text: string): void {
  if (text.length < 2 * MAX_DEPTH) return;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) inString = !inString;
    else if (inString) i += code === 0x5c ? 1 : 0;
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > MAX_DEPTH) throw new SyntaxError("too deep");
  }
}

async function readMultipart(bytes: Uint8Array<ArrayBuffer>, contentType: string, url: URL): Promise<Body> {
  const form = await new Response(bytes, { headers: { "Content-Type": contentType } }).formData();
  const values = textsOf(url.searchParams);
  const files = new Map<string, File[]>();
  for (const [name, part] of form) {
    if (typeof part === "string") push(values, name, part);
    // An empty file input arrives as a part with an empty file name, which Bun drops.
    else if (!part.name) push(values, name, await part.text());
    else push(files, name, part);
  }
  return { kind: "form", values, files };
}

function readUrlEncoded(bytes: Uint8Array, _contentType: string, url: URL): Body {
  const text = utf8.decode(bytes);
  if (/;|%(?![\da-f]{2})/i.test(text)) throw new SyntaxError("not form-urlencoded");
  const values = textsOf(new URLSearchParams(text));
  for (const [name, value] of url.searchParams) push(values, name, value);
  return { kind: "form", values, files: new Map() };
}

/** PocketBase accepts the content type, and then fails to read any values from it. */
function refuseXml(): never {
  throw new SyntaxError("XML");
}

function textsOf(parameters: URLSearchParams): Map<string, string[]> {
  const texts = new Map<string, string[]>();
  for (const [name, value] of parameters) push(texts, name, value);
  return texts;
}

function push<Value>(lists: Map<string, Value[]>, name: string, value: Value): void {
  const list = lists.get(name);
  if (list) list.push(value);
  else lists.set(name, [value]);
}
