import type { Values } from "../../http/body/body-values.ts";
import type { Body, FormBody, FormFiles } from "../../http/body/body.ts";
import { parseStrictText } from "../../lib/json/strict-json.ts";
import { isObject, type JsonObject } from "../../lib/json/json-object.ts";

/** A request of a batch as it was sent. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Values;
  readonly files: FormFiles;
}

const KEYS = ["method", "url", "headers", "body"] as const;

/**
 * Reads the requests of a batch, from JSON, or from the field `@jsonPayload` of a form whose files are named
 * `requests.<index>.<field>`.
 *
 * @throws TypeError or SyntaxError if they have another shape
 */
export function readBatch(body: Body): readonly SentRequest[] {
  const payloads: readonly unknown[] =
    body.kind === "json" ? [body.value] : body.kind === "form" ? payloadsOf(body) : [];
  const sent = payloads.map((payload) => member(payload, ["requests"]).get("requests"));
  const requests = sent.findLast((value) => value !== undefined) ?? [];
  if (!Array.isArray(requests)) throw new TypeError("the requests are not a list");
  const files = body.kind === "form" ? body.files : NO_FILES;
  return requests.map((request: unknown, index) => readRequest(request, filesOf(files, index)));
}

function payloadsOf({ values, limits }: FormBody): readonly unknown[] {
  if (values.has("requests")) throw new TypeError("the requests are a text");
  return (values.get("@jsonPayload") ?? []).map((text) => parseStrictText(text, limits));
}

const NO_FILES: FormFiles = new Map();

function readRequest(sent: unknown, files: FormFiles): SentRequest {
  const values = member(sent, KEYS);
  const body = objectOf(values.get("body"));
  return {
    method: textOf(values.get("method")),
    url: textOf(values.get("url")),
    headers: Object.fromEntries(
      Object.entries(objectOf(values.get("headers"))).map(([name, text]) => [name, textOf(text)]),
    ),
    // As in PocketBase, the files of a field replace what else was sent for it.
    body: files.size === 0 ? body : Object.fromEntries(Object.entries(body).filter(([name]) => !files.has(name))),
    files,
  };
}

/** Names match in any case, as in Go's decoder. `null` counts as missing. */
function member(value: unknown, names: readonly string[]): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, item] of Object.entries(objectOf(value))) {
    const name = names.find((known) => known === key.toLowerCase());
    if (name === undefined) continue;
    if (found.has(name)) throw new TypeError("a name occurs twice");
    found.set(name, item ?? undefined);
  }
  return found;
}

function objectOf(value: unknown): JsonObject {
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  throw new TypeError("not an object");
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw new TypeError("not a text");
}

/** The files of one request, by their fields. */
function filesOf(files: FormFiles, index: number): FormFiles {
  const found = new Map<string, readonly File[]>();
  for (const [name, list] of files) {
    const prefix = [`requests.${index}.`, `requests[${index}].`].find((start) => name.startsWith(start));
    if (prefix === undefined) continue;
    const field = name.slice(prefix.length);
    found.set(field, [...(found.get(field) ?? []), ...list]);
  }
  return found;
}
