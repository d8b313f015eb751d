import { connect } from "node:net";

/** The response to a refused stream. */
export interface Refusal {
  readonly status: number;
  /** `Retry-After` in seconds; NaN without the header. */
  readonly retryAfter: number;
  readonly body: { readonly data: unknown; readonly message: string; readonly status: number };
}

/** Requests a stream. @returns the refusal, or undefined if the stream opened; it is closed at once */
export async function tryStream(url: string): Promise<Refusal | undefined> {
  const abort = new AbortController();
  const response = await fetch(`${url}/api/realtime`, { signal: abort.signal });
  if (response.status === 200) {
    abort.abort();
    return undefined;
  }
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return { status: response.status, retryAfter, body: (await response.json()) as Refusal["body"] };
}

/** The status line of a stream request from another loopback address, in 127.0.0.0/8. */
export function statusFrom(localAddress: string, url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), localAddress });
    socket.on("data", (bytes) => {
      resolve(bytes.toString("latin1").split("\r\n", 1)[0]!);
      socket.destroy();
    });
    socket.on("error", reject);
    socket.write("GET /api/realtime HTTP/1.1\r\nHost: localhost\r\n\r\n");
  });
}
