import { connect } from "node:net";

/** A stream that was not opened. */
export interface Refusal {
  readonly status: number;
  /** Seconds of `Retry-After`; NaN without. */
  readonly retryAfter: number;
  readonly body: { readonly data: unknown; readonly message: string; readonly status: number };
}

/** Asks for a stream and reads the refusal; `undefined` when it was opened, and then it is left at once. */
export async function tryStream(url: string): Promise<Refusal | undefined> {
  const leave = new AbortController();
  const response = await fetch(`${url}/api/realtime`, { signal: leave.signal });
  if (response.status === 200) {
    leave.abort();
    return undefined;
  }
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return { status: response.status, retryAfter, body: (await response.json()) as Refusal["body"] };
}

/** The status line that another address of this machine gets for a stream; the whole of 127.0.0.0/8 is ours. */
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
