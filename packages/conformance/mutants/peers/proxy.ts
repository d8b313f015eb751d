import { encode, type Frame, PLAIN, type Style } from "../framework/frame.ts";
import type { Step, Tamper } from "../framework/tamper.ts";

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
  /** Changes the frames of each stream. */
  readonly frames?: Tamper["frames"];
  /** Writes the streams in another way. */
  readonly style?: Style;
  /** Closes each stream after this time. */
  readonly cutsAfterMs?: number;
}

export interface Proxy {
  readonly url: string;
  readonly stop: () => void;
}

/** Starts a proxy that adds one fault to a real server. */
export function startProxy(upstream: string, superuserToken: string, fault: ProxyFault): Proxy {
  let streams = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const url = new URL(request.url);
      const headers = new Headers(request.headers);
      headers.delete("host");
      const path = url.pathname + url.search;
      const incoming: ProxyRequest = { method: request.method, path, headers, body: await request.text() };
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
      streams += 1;
      const lastEventId = headers.get("last-event-id") ?? undefined;
      const change = fault.frames?.({ url, number: streams, lastEventId, headers: headers.toJSON() });
      const steps = change && ((frame: Frame) => change(frame));
      return new Response(altered(changed.body!, fault, steps), { status: changed.status, headers: changed.headers });
    },
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => void server.stop(true) };
}

function altered(
  body: ReadableStream<Uint8Array>,
  { stream, style, cutsAfterMs }: ProxyFault,
  change: ((frame: Frame) => readonly Step[]) | undefined,
): ReadableStream<Uint8Array> {
  const alter = stream?.() ?? ((block: string) => [block]);
  const isAsItIs = !change && !style;
  const decoder = new TextDecoder();
  let rest = "";
  let isOver = false;
  const take = async (block: string, controller: TransformStreamDefaultController<Uint8Array>): Promise<void> => {
    if (isAsItIs) return controller.enqueue(new TextEncoder().encode(`${block}\n\n`));
    const frame = frameOf(block);
    for (const step of change?.(frame) ?? [frame]) {
      if (isOver) return;
      if (typeof step === "object" && "waitMs" in step) await Bun.sleep(step.waitMs);
      else if (typeof step === "object") enqueue(encode(step, style), style ?? PLAIN, controller);
      else {
        isOver = true;
        if (step === "end") controller.terminate();
        else if (step === "break") controller.error(new Error("the connection broke"));
      }
    }
  };
  const blocks = new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      if (cutsAfterMs !== undefined) setTimeout(() => controller.terminate(), cutsAfterMs);
    },
    async transform(chunk, controller) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
      rest = parts.pop()!;
      for (const part of parts) for (const block of await alter(part)) if (!isOver) await take(block, controller);
    },
  });
  return body.pipeThrough(blocks);
}

function enqueue(
  bytes: Uint8Array,
  { pieces = bytes.length }: Style,
  controller: TransformStreamDefaultController<Uint8Array>,
): void {
  for (let at = 0; at < bytes.length; at += pieces) controller.enqueue(bytes.subarray(at, at + pieces));
}

/** Parses a block of fields that each have one line. */
function frameOf(block: string): Frame {
  const lines = block.split("\n");
  const valueOf = (name: string): string | undefined => {
    const line = lines.find((each) => each.startsWith(`${name}:`));
    return line?.slice(name.length + 1).replace(/^ /, "");
  };
  const [event, id, data] = [valueOf("event"), valueOf("id"), valueOf("data")];
  return data === undefined ? { raw: `${block}\n\n` } : { event, id, data };
}
