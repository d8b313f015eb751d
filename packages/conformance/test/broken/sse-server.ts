import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Possible faults of a server; without any, it follows the standard. */
export interface Faults {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent when a stream opens. */
  readonly greeting?: string | Uint8Array;
  /** Encodes an event. */
  readonly encode?: (id: number) => string | Uint8Array;
  /** The ids to replay after the client's last id. */
  readonly replay?: (last: number, all: readonly number[]) => readonly number[];
  readonly heartbeat?: boolean;
  /** Holds everything back until the stream ends, after this many milliseconds. */
  readonly holdsBackMs?: number;
  /** Ends each stream after this time, with these bytes. */
  readonly ends?: { readonly afterMs: number; readonly bytes: string };
  /** The status of every stream after the first. */
  readonly laterStatus?: number;
  /** The id of the nth event. */
  readonly idOf?: (count: number) => number;
}

export interface BrokenServer {
  readonly url: string;
  readonly trigger: () => Promise<void>;
  readonly stop: () => void;
}

const HEARTBEAT_MS = 50;

const goodEvent = (id: number): string => `id:e.${id}\nevent:tick\ndata:{"n":${id}}\n\n`;

/** A minimal server that replays its events: GET /stream, POST /trigger. */
export async function startSseServer(faults: Faults = {}): Promise<BrokenServer> {
  const { encode = goodEvent, idOf = (count: number) => count } = faults;
  const { replay = (last: number, all: readonly number[]) => all.filter((id) => id > last) } = faults;
  const history: number[] = [];
  const open = new Set<(bytes: string | Uint8Array) => void>();
  let streams = 0;

  const stream = (lastEventId: string | undefined, response: ServerResponse): void => {
    streams += 1;
    const status = streams > 1 ? (faults.laterStatus ?? faults.status ?? 200) : (faults.status ?? 200);
    const usual = { "content-type": "text/event-stream", "cache-control": "no-cache" };
    response.writeHead(status, { ...usual, ...faults.headers });
    response.flushHeaders();
    const heldBack: (string | Uint8Array)[] = [];
    const write = (bytes: string | Uint8Array): void => {
      if (faults.holdsBackMs === undefined) response.write(bytes);
      else heldBack.push(bytes);
    };
    write(faults.greeting ?? ":hello\n\n");
    if (lastEventId !== undefined) {
      const last = Number(lastEventId.split(".")[1]);
      for (const id of replay(last, history)) write(encode(id));
    }
    open.add(write);
    response.on("close", () => open.delete(write));
    const { afterMs, bytes } = faults.ends ?? { afterMs: faults.holdsBackMs, bytes: "" };
    const end = (): void => {
      for (const part of heldBack) response.write(part);
      response.end(bytes);
    };
    if (afterMs !== undefined) setTimeout(end, afterMs);
  };

  const server = createServer((request, response) => {
    if (request.method === "GET") return stream(request.headers["last-event-id"] as string | undefined, response);
    const id = idOf(history.length + 1);
    history.push(id);
    for (const write of open) write(encode(id));
    response.end("{}");
  });
  const beat = setInterval(() => {
    if (faults.heartbeat !== false) for (const write of open) write(":\n\n");
  }, HEARTBEAT_MS);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${base}/stream`,
    trigger: async () => void (await (await fetch(`${base}/trigger`, { method: "POST" })).text()),
    stop() {
      clearInterval(beat);
      server.closeAllConnections();
      server.close();
    },
  };
}
