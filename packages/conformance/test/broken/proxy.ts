/** A request on its way to the server. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** One thing that a proxy does to what passes; nothing by itself. */
export interface ProxyFault {
  /** Another request in its place, or an answer at once. */
  readonly request?: (request: Passing, root: string) => Passing | Response;
  readonly response?: (response: Response, request: Passing) => Response;
  /** Made for each stream: the blocks that a client gets for one of the server's, some of them later. */
  readonly stream?: () => (block: string) => readonly string[] | Promise<readonly string[]>;
  /** A block that goes to every open stream because of a request. */
  readonly echo?: (request: Passing) => string | undefined;
  /** Ends each stream after so long. */
  readonly cutsAfterMs?: number;
}

export interface Proxy {
  readonly url: string;
  readonly stop: () => void;
}

/** Stands before a real server and breaks one thing. @param root a superuser's token */
export function startProxy(upstream: string, root: string, fault: ProxyFault): Proxy {
  const open = new Set<Sender>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const headers = new Headers(request.headers);
      headers.delete("host");
      const came: Passing = { method: request.method, path: pathname + search, headers, body: await request.text() };
      const echo = fault.echo?.(came);
      if (echo !== undefined) for (const send of open) send(echo);
      const passed = fault.request?.(came, root) ?? came;
      if (passed instanceof Response) return passed;
      const response = await fetch(upstream + passed.path, {
        method: passed.method,
        headers: passed.headers,
        ...(passed.method !== "GET" && { body: passed.body }),
        signal: request.signal,
        decompress: true,
      });
      const answer = fault.response?.(response, passed) ?? response;
      if (!/event-stream/.test(answer.headers.get("content-type") ?? "")) return answer;
      return new Response(altered(answer.body!, fault, open), { status: answer.status, headers: answer.headers });
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
