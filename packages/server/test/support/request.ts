/** An answer of the API, read to its end. `body` is what the JSON says, or the text if it is none. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

export interface RequestOptions {
  readonly token?: string | undefined;
  /** A string or a form goes as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export async function request(url: string, method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
  const { token, body, headers } = options;
  const raw = typeof body === "string" || body instanceof FormData || body instanceof ReadableStream;
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body === undefined || body instanceof FormData ? {} : { "Content-Type": "application/json" }),
      ...(token === undefined ? {} : { Authorization: token }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parseJson(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
