/** How the server responds to one request. */
export interface ScriptedResponse {
  readonly status?: number;
  /** Replaces the Content-Type of an event stream; an empty one is not sent. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent one at a time, with a pause after each, so that the client reads them as separate chunks. */
  readonly chunks?: readonly Chunk[];
  /** The pause after each chunk, in milliseconds. */
  readonly betweenMs?: number;
  /** Leaves the stream open after the last chunk; without it the server ends the response. */
  readonly staysOpen?: true;
  /** Breaks the connection instead of ending the response. */
  readonly breaks?: "before the response" | "after the last chunk";
}

export type Chunk = string | Uint8Array;

const encoder = new TextEncoder();

export const toBytes = (chunk: Chunk): Uint8Array => (typeof chunk === "string" ? encoder.encode(chunk) : chunk);

export function bytesOf(chunks: readonly Chunk[]): Uint8Array {
  const parts = chunks.map(toBytes);
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
