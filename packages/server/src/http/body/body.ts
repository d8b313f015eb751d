import { ApiError } from "../../lib/api-error.ts";
import { type JsonLimits, JsonScanner } from "../../lib/json/json-scanner.ts";
import { parseScanned } from "../../lib/json/strict-json.ts";
import { hasBrokenParameter } from "../url-parameters.ts";
import { type BodySource, readBytes, readChunks } from "./body-bytes.ts";
import { readMultipartForm } from "./multipart.ts";

/** A request's body, parsed by its content type. What its values mean is not decided yet. */
export type Body = { readonly kind: "empty" } | { readonly kind: "json"; readonly value: unknown } | FormBody;

export interface FormBody {
  readonly kind: "form";
  readonly values: FormTexts;
  readonly files: FormFiles;
  /** What JSON in one of its values may hold. */
  readonly limits: JsonLimits;
}

export type FormTexts = ReadonlyMap<string, readonly string[]>;
export type FormFiles = ReadonlyMap<string, readonly File[]>;

/** What a request without a body has. */
export const NO_BODY: Body = { kind: "empty" };

export const hasBody = ({ body, headers }: Request): boolean => body !== null && headers.get("content-length") !== "0";

/** Go's limit for the parameters of a form, which PocketBase has. */
const MAX_PARAMETERS = 10_000;

/**
 * Reads a body by PocketBase's rules. What a body may hold is counted while it arrives, before anything is built of it.
 *
 * @param url its parameters count as form values too, as in Go's `Request.Form`
 * @throws ApiError 413 above the limit of bytes, 429 or 503 if there is no memory for it, 400 for an unknown content type;
 *   JsonLimitError above a limit of JSON; any other error for a malformed body
 */
export async function readBody(source: BodySource, url: URL, limits: JsonLimits): Promise<Body> {
  const type = source.raw.headers.get("content-type") ?? "";
  if (isJson(type)) return readJson(source, limits);
  if (type.startsWith("multipart/form-data")) return { ...(await readMultipart(source, type, url)), limits };
  if (type.startsWith("application/x-www-form-urlencoded")) return { ...(await readUrlEncoded(source, url)), limits };
  // PocketBase accepts XML, and then fails to read any values from it.
  if (/^(?:text|application)\/xml/.test(type)) throw new SyntaxError("XML");
  throw new UnsupportedContentType();
}

/**
 * Reads a JSON body without parsing it.
 *
 * @throws like `readBody`
 */
export async function readJsonBytes(source: BodySource): Promise<Uint8Array> {
  if (!isJson(source.raw.headers.get("content-type") ?? "")) throw new UnsupportedContentType();
  return readBytes(source);
}

/** In lower case only, as in PocketBase. */
const isJson = (type: string): boolean => type.startsWith("application/json");

/** What PocketBase answers whatever an endpoint says about other unreadable bodies. */
export class UnsupportedContentType extends ApiError {
  constructor() {
    super(400, "Unsupported Content-Type.");
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whatever follows the first value is ignored, as in PocketBase. */
async function readJson(source: BodySource, limits: JsonLimits): Promise<Body> {
  const scanner = new JsonScanner(limits, { onlyFirst: true });
  const bytes = await readBytes(source, (chunk) => scanner.scan(chunk));
  if (startsWithNull(bytes)) return { kind: "json", value: null };
  const text = utf8.decode(bytes.subarray(0, scanner.end));
  // Each step takes up to fifty milliseconds for the largest body. Others get a turn in between.
  if (bytes.length > LARGE) await new Promise(setImmediate);
  const value = parseScanned(text, scanner);
  if (bytes.length > LARGE) await new Promise(setImmediate);
  return { kind: "json", value };
}

const LARGE = 1 << 20;

function startsWithNull(bytes: Uint8Array): boolean {
  const start = bytes.findIndex((byte) => !BLANKS.has(byte));
  return start >= 0 && NULL.every((byte, i) => bytes[start + i] === byte);
}

const BLANKS = new Set(Buffer.from(" \t\r\n"));
const NULL = [...Buffer.from("null")];

type Form = Omit<FormBody, "limits">;

async function readMultipart(source: BodySource, contentType: string, url: URL): Promise<Form> {
  assertFormEncoded(url.search);
  const expectedBytes = Number(source.raw.headers.get("content-length") ?? 0);
  const form = await readMultipartForm(readChunks(source), contentType, { ...source, expectedBytes });
  const values = textsOf(url.searchParams);
  const files = new Map<string, File[]>();
  for (const [name, text] of form.texts) push(values, name, text);
  for (const [name, file] of form.files) push(files, name, file);
  return { kind: "form", values, files };
}

async function readUrlEncoded(source: BodySource, url: URL): Promise<Form> {
  assertFormEncoded(url.search);
  let parameters = 1;
  const bytes = await readBytes(source, (chunk) => {
    for (let at = chunk.indexOf(AMPERSAND); at >= 0; at = chunk.indexOf(AMPERSAND, at + 1)) parameters += 1;
    if (parameters > MAX_PARAMETERS) throw new RangeError(`more than ${MAX_PARAMETERS} parameters`);
  });
  const text = utf8.decode(bytes);
  assertFormEncoded(text);
  const values = textsOf(new URLSearchParams(text));
  for (const [name, value] of url.searchParams) push(values, name, value);
  return { kind: "form", values, files: new Map() };
}

const AMPERSAND = 0x26;

function assertFormEncoded(text: string): void {
  if (hasBrokenParameter(text)) throw new SyntaxError("not form-urlencoded");
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
