/** A request on its way to the server. */
export interface ProxyRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** What the proxy changes; anything left out passes unchanged. */
export interface ProxyFault {
  /** Changes the request, or responds in place of the server. */
  readonly request?: (request: ProxyRequest, superuserToken: string) => ProxyRequest | Response;
  readonly response?: (response: Response, request: ProxyRequest) => Response;
  /** Called for each stream. The function it returns maps each block of the server to the blocks that the client gets. */
  readonly stream?: () => (block: string) => readonly string[] | Promise<readonly string[]>;
  /** A block to send to every open stream when a request arrives. */
  readonly echo?: (request: ProxyRequest) => string | undefined;
  /** Closes each stream after this time. */
  readonly cutsAfterMs?: number;
}

export interface Proxy {
  readonly url: string;
  readonly stop: () => void;
}

/** Starts a proxy that adds one fault to a real server. */
export function startProxy(upstream: string, superuserToken: string, fault: ProxyFault): Proxy {
  const open = new Set<Sender>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const headers = new Headers(request.headers);
      headers.delete("host");
      const incoming: ProxyRequest = {
        method: request.method,
        path: pathname + search,
        headers,
        body: await request.text(),
      };
      const echo = fault.echo?.(incoming);
      if (echo !== undefined) for (const send of open) send(echo);
      const forwarded = fault.request?.(incoming, superuserToken) ?? incoming;
      if (forwarded instanceof Response) return forwarded;
      const response = await fetch(upstream + forwarded.path, {
        method: forwarded.method,
        headers: forwarded.headers,
        ...(forwarded.method !== "GET" && { body: forwarded.body }),
        signal: request.signal,
        decompress: true,
      });
      const changed = fault.response?.(response, forwarded) ?? response;
      if (!/event-stream/.test(changed.headers.get("content-type") ?? "")) return changed;
      return new Response(altered(changed.body!, fault, open), { status: changed.status, headers: changed.headers });
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => void server.stop(true) };
}

type Sender = (block: string) => void;

function altered(
  body: ReadableStream<Uint8Array>,
  { stream, cutsAfterMs }: ProxyFault,
  open: Set<Sender>,
): ReadableStream<Uint8Array> {
  const alter = stream?.() ?? ((block: string) => [block]);
  const decoder = new TextDecoder();
  let rest = "";
  const blocks = new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      open.add((block) => controller.enqueue(new TextEncoder().encode(`${block}\n\n`)));
      if (cutsAfterMs !== undefined) setTimeout(() => controller.terminate(), cutsAfterMs);
    },
    async transform(chunk, controller) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = parts.pop()!;
      for (const part of parts)
        for (const block of await alter(part)) controller.enqueue(new TextEncoder().encode(`${block}\n\n`));
    },
  });
  return body.pipeThrough(blocks);
}
