import type { Requester } from "../fixture/fixture.ts";

/** A file or another part of a multipart form. */
export type Part = readonly [name: string, value: string | Upload];

export interface Upload {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly type?: string;
}

export type Body =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "form"; readonly parts: readonly Part[] }
  | { readonly kind: "raw"; readonly text: string; readonly type: string | undefined };

/**
 * One request. Texts may hold placeholders: `{{user.id}}`, `{{user.token}}`, `{{kind00000000001.file}}` (the stored name
 * of a file), `{{forged token: no exp}}` and `{{0.id}}` (a value of the first answer of the scenario).
 */
export interface Step {
  readonly as: Requester;
  /** The request line: `GET /api/health`. */
  readonly send: string;
  readonly body?: Body;
  readonly headers?: Readonly<Record<string, string>>;
  /** For event streams: `open` connects, `events` waits for so many events and sorts them. */
  readonly stream?: { readonly open: true } | { readonly events: number };
}

export interface Scenario {
  /** Unique in its family; recordings are found by it. */
  readonly name: string;
  readonly steps: readonly Step[];
}

export interface Family {
  readonly name: string;
  /** It changes nothing, so it can share a server with others that do not. */
  readonly onlyReads: boolean;
  readonly scenarios: readonly Scenario[];
}

/** A family of scenarios. They are played in order, on one copy of the fixture. What a table repeats is played once. */
export function family(name: string, items: readonly (Step | Scenario)[], { onlyReads = false } = {}): Family {
  const scenarios = new Map<string, Scenario>();
  for (const item of items) {
    const scenario = "steps" in item ? item : { name: nameOf(item), steps: [item] };
    const earlier = scenarios.get(scenario.name);
    if (earlier && JSON.stringify(earlier.steps) !== JSON.stringify(scenario.steps)) {
      throw new Error(`the family "${name}" has two scenarios named "${scenario.name}"`);
    }
    scenarios.set(scenario.name, earlier ?? scenario);
  }
  return { name, onlyReads, scenarios: [...scenarios.values()] };
}

/** Requests that follow each other, under one name. */
export const flow = (name: string, ...steps: readonly Step[]): Scenario => ({ name, steps });

const MAX_NAME = 300;

function nameOf({ as, send, headers, body }: Step): string {
  const fields = headers === undefined ? [] : [JSON.stringify(headers)];
  const content = body === undefined ? [] : [nameOfBody(body)];
  const name = [as, send, ...fields, ...content].join(" ");
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}… (${name.length} characters)` : name;
}

function nameOfBody(body: Body): string {
  switch (body.kind) {
    case "json":
      return JSON.stringify(body.value);
    case "raw":
      return `${body.type ?? "untyped"} ${JSON.stringify(body.text)}`;
    case "form":
      return `form ${JSON.stringify(body.parts.map(([name, value]) => [name, typeof value === "string" ? value : value.name]))}`;
  }
}

type Send = (send: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Step;

const sender =
  (as: Requester): Send =>
  (send, body, headers) => ({
    as,
    send,
    ...(body !== undefined && { body: isBody(body) ? body : { kind: "json", value: body } }),
    ...(headers !== undefined && { headers }),
  });

const isBody = (body: unknown): body is Body =>
  typeof body === "object" && body !== null && "kind" in body && ("parts" in body || "text" in body);

export const guest = sender("guest");
export const superuser = sender("superuser");
export const user = sender("user");
export const other = sender("other");
export const client = sender("client");
export const manager = sender("manager");

export const form = (...parts: readonly Part[]): Body => ({ kind: "form", parts });
export const raw = (text: string, type?: string): Body => ({ kind: "raw", text, type });
export const upload = (name: string, content: string | Uint8Array = name, type?: string): Upload => ({
  name,
  content,
  ...(type !== undefined && { type }),
});

/** The path of a collection's records, with query parameters. */
export const records = (
  collection: string,
  query: Readonly<Record<string, string | number | boolean>> = {},
): string => {
  const parameters = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const text = parameters.toString().replaceAll("+", "%20").replaceAll("%7B%7B", "{{").replaceAll("%7D%7D", "}}");
  return `/api/collections/${collection}/records${text === "" ? "" : `?${text}`}`;
};
