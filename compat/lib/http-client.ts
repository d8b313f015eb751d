import { ChunkedDecoder } from "@headwater/testing/clients/chunked-decoder.ts";
import type { Socket } from "bun";

export interface RawAnswer {
  /** 0 if the connection closes without an answer. */
  readonly status: number;
  /** In lower case, in the order of the response. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
}

const TIMEOUT_MS = 30_000;

/**
 * Sends one request on its own connection, byte for byte: an HTTP client would normalise the path, refuse some methods and
 * add headers.
 */
export async function sendRaw(
  url: string,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | undefined,
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url);
  const length = body === undefined ? {} : { "Content-Length": String(body.byteLength) };
  const fields = { Host: host, Connection: "close", ...length, ...headers };
  const head = `${method} ${target} HTTP/1.1\r\n${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;
  const received = await exchange(hostname, Number(port), Buffer.concat([Buffer.from(head), body ?? new Uint8Array()]));
  return parseAnswer(received, method);
}

function exchange(hostname: string, port: number, request: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let unsent = request;
  const write = (socket: Socket): void => {
    if (unsent.length > 0) unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
  };
  const finish = (): void => resolve(Buffer.concat(chunks));
  const timer = setTimeout(() => reject(new Error(`no answer in ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  Bun.connect({
    hostname,
    port,
    socket: {
      open: write,
      drain: write,
      data: (_, bytes) => void chunks.push(Buffer.from(bytes)),
      end: (socket) => void socket.end(),
      close: finish,
      error: finish,
    },
  }).catch(reject);
  return promise.finally(() => clearTimeout(timer));
}

function parseAnswer(received: Buffer, method: string): RawAnswer {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return { status: 0, headers: [], body: received };
  const [line = "", ...fields] = received.toString("latin1", 0, end).split("\r\n");
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  const rest = received.subarray(end + 4);
  const isChunked = headers.some(([name, value]) => name === "transfer-encoding" && value === "chunked");
  return {
    status: Number(line.split(" ", 2)[1]),
    headers,
    body: isChunked && method !== "HEAD" ? dechunk(rest) : rest,
  };
}

function dechunk(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  new ChunkedDecoder().feed(bytes, (data) => void chunks.push(data));
  return Buffer.concat(chunks);
}
