/** A complete API response. `body` is the parsed JSON, or null if the response is not JSON; its type is not checked. */
export interface Reply<Body = unknown> {
  readonly status: number;
  readonly body: Body;
  readonly text: string;
  readonly headers: Headers;
}

export interface RequestOptions {
  readonly token?: string | undefined;
  /** Strings, forms and streams are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one request. Does not throw for error statuses. */
export async function request<Body = unknown>(
  url: string,
  method: string,
  path: string,
  options: RequestOptions = {},
): Promise<Reply<Body>> {
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
  const isJson = text !== "" && response.headers.get("content-type")?.startsWith("application/json");
  return { status: response.status, headers: response.headers, text, body: JSON.parse(isJson ? text : "null") };
}
