import { expect, test } from "bun:test";

/** One request and what its response must be. */
export interface Scenario {
  readonly name: string;
  /** `GET` unless given. */
  readonly method?: string;
  readonly path: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Strings, forms and streams are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly status: number;
  /** Strings that the body must contain. */
  readonly contains?: readonly string[];
  /** Strings that the body must not contain. */
  readonly excludes?: readonly string[];
  /** Expected response headers; `null` for one that must be missing. */
  readonly responseHeaders?: Readonly<Record<string, string | null>>;
}

/** Registers a test for each scenario, against the server at that address. */
export function testScenarios(url: string, scenarios: readonly Scenario[]): void {
  for (const scenario of scenarios) {
    test(scenario.name, async () => {
      const response = await play(url, scenario);
      const text = await response.text();
      expect({ status: response.status, text }).toMatchObject({ status: scenario.status });
      for (const part of scenario.contains ?? []) expect(text).toContain(part);
      for (const part of scenario.excludes ?? []) expect(text).not.toContain(part);
      for (const [name, value] of Object.entries(scenario.responseHeaders ?? {})) {
        expect(`${name}: ${response.headers.get(name)}`).toBe(`${name}: ${value}`);
      }
    });
  }
}

export function play(
  url: string,
  { method = "GET", path, token, headers, body }: Omit<Scenario, "name" | "status">,
): Promise<Response> {
  const isRaw = typeof body === "string" || body instanceof FormData || body instanceof ReadableStream;
  const isJson = body !== undefined && !(body instanceof FormData);
  return fetch(url + path, {
    method,
    headers: {
      ...(isJson ? { "Content-Type": "application/json" } : {}),
      ...(token === undefined ? {} : { Authorization: token }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
  });
}

/** The body of an error response, in PocketBase's shape. */
export const errorText = (status: number, message: string, data: unknown = {}): string =>
  JSON.stringify({ data, message, status });
