import { CLOSE_CODES } from "@headwater/protocol";
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";
import type { FrameBatch } from "../hub/frame-batch.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";
import { PingScheduler, type PulseTimes, type Pulsing } from "./ping-scheduler.ts";

/** What the connection tells its owner. */
export interface SocketListener {
  /** The first messages may be sent. */
  open(wire: Wire): void;
  /** @param text `undefined` for a message of bytes */
  message(text: string | undefined): void;
  /** The peer sent a ping, and was answered. */
  pinged(): void;
  /** The socket took all that it was given before. */
  drained(): void;
  /** The connection is gone, whoever ended it. Called once, and only after `open`. */
  closed(reason: CloseReason | "client"): void;
}

export interface SocketOptions extends PulseTimes {
  /** Bytes of a message beyond which the connection is closed with 1009 before it is read. */
  readonly maxBytes: number;
}

/** All WebSockets of a server. */
export interface Sockets {
  /** For `Bun.serve`. */
  readonly handler: WebSocketHandler<SocketWire>;
  readonly stop: () => void;
}

export function openSockets({ maxBytes, ...times }: SocketOptions): Sockets {
  const pulse = new PingScheduler(times);
  const stop = pulse.start();
  return {
    handler: {
      maxPayloadLength: maxBytes,
      // What waits is counted by the hub, which writes nothing more to a socket that is full; here a limit would drop.
      backpressureLimit: 0,
      // Bun's own timeout has one time for both, of four seconds at least: `Pulse` has two.
      idleTimeout: 0,
      sendPings: false,
      perMessageDeflate: false,
      open: (ws) => ws.data.open(ws, pulse),
      message: (ws, message) => ws.data.receive(message),
      ping: (ws) => ws.data.pinged(),
      pong: (ws) => ws.data.alive(),
      drain: (ws) => ws.data.drained(),
      close: (ws) => ws.data.ended(),
    },
    stop,
  };
}

/**
 * Makes a WebSocket of a request, and calls `open` before it returns.
 *
 * @param protocol the subprotocol that is chosen; Bun would choose the first that the client names
 * @returns whether the request asked for one in order; if not, nothing has happened
 */
export function upgradeToSocket(
  request: Request,
  server: Server<unknown>,
  listener: SocketListener,
  protocol: string | undefined,
): boolean {
  const headers = protocol === undefined ? undefined : { "Sec-WebSocket-Protocol": protocol };
  return server.upgrade(request, { data: new SocketWire(listener), ...(headers && { headers }) });
}

/** The wire over one WebSocket, and what Bun keeps with it: a connection is held for hours, and every object counts. */
class SocketWire implements Wire, Pulsing {
  readonly #listener: SocketListener;
  #socket: ServerWebSocket<SocketWire> | undefined;
  #pulse: PingScheduler | undefined;
  #blocked = false;

  constructor(listener: SocketListener) {
    this.#listener = listener;
  }

  open(socket: ServerWebSocket<SocketWire>, pulse: PingScheduler): void {
    this.#socket = socket;
    this.#pulse = pulse;
    pulse.alive(this, performance.now());
    this.#listener.open(this);
  }

  receive(message: string | Uint8Array): void {
    this.alive();
    this.#listener.message(typeof message === "string" ? message : undefined);
  }

  pinged(): void {
    this.alive();
    this.#listener.pinged();
  }

  alive(): void {
    if (this.#socket) this.#pulse?.alive(this, performance.now());
  }

  drained(): void {
    // It is called for each piece that the kernel takes.
    if (!this.#blocked || this.#socket?.getBufferedAmount() !== 0) return;
    this.#blocked = false;
    this.#listener.drained();
  }

  get gone(): boolean {
    return this.#socket === undefined;
  }

  send({ texts }: FrameBatch): "sent" | "blocked" | "closed" {
    const socket = this.#socket;
    if (!socket) return "closed";
    // Several in one write: outside of a cork each would take one of its own.
    const taken = texts.length === 1 ? socket.sendText(texts[0]!) : socket.cork(() => sendAll(socket, texts));
    if (taken === 0) return "closed";
    // What a cork held back can meet a full socket when it is let go.
    if (taken < 0 || (texts.length > 1 && socket.getBufferedAmount() > 0)) this.#blocked = true;
    return this.#blocked ? "blocked" : "sent";
  }

  close(reason: CloseReason): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#leave();
    // Who does not read gets no farewell, and one in order would wait for it.
    if (reason === "slow" || reason === "dead") socket.terminate();
    else socket.close(CLOSE_CODES[reason], reason);
    this.#listener.closed(reason);
  }

  ping(): void {
    // A ping behind what the peer does not take would only wait with it; a full socket is looked after by the hub.
    if (this.#blocked) this.alive();
    else this.#socket?.ping();
  }

  /** The code says why, to a peer that is there after all. */
  expire(): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#leave();
    socket.close(CLOSE_CODES.stale, "no pong");
    this.#listener.closed("dead");
  }

  ended(): void {
    if (!this.#socket) return;
    this.#leave();
    this.#listener.closed("client");
  }

  #leave(): void {
    this.#pulse?.leave(this);
    this.#socket = undefined;
  }
}

/** @returns what the last but least happy of them answered: 0 for none taken, below 0 for a full socket */
function sendAll(socket: ServerWebSocket<SocketWire>, texts: readonly string[]): number {
  let worst = 1;
  for (const text of texts) {
    const taken = socket.sendText(text);
    if (taken === 0) return 0;
    if (taken < 0) worst = taken;
  }
  return worst;
}
