import { CLOSE_CODES } from "@headwater/protocol";
import type { Server, ServerWebSocket, WebSocketHandler } from "bun";
import type { FrameBatch } from "../hub/frame-batch.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";
import { PingScheduler, type PingTimes, type Pingable } from "./ping-scheduler.ts";

/** Called by the connection. */
export interface SocketListener {
  /** Messages may be sent from now on. */
  open(wire: Wire): void;
  /** @param text `undefined` for a binary message */
  message(text: string | undefined): void;
  /** The peer sent a ping; the pong is already on its way. */
  pinged(): void;
  /** The socket took everything. */
  drained(): void;
  /** The connection is gone, whichever side ended it. Called once, and only after `open`. */
  closed(reason: CloseReason | "client"): void;
}

export interface SocketOptions extends PingTimes {
  /** A larger message closes the connection with 1009 before it is read, in bytes. */
  readonly maxBytes: number;
}

/** All WebSockets of a server. */
export interface Sockets {
  /** For `Bun.serve`. */
  readonly handler: WebSocketHandler<SocketWire>;
  readonly stop: () => void;
}

export function openSockets({ maxBytes, ...times }: SocketOptions): Sockets {
  const pings = new PingScheduler(times);
  const stop = pings.start();
  return {
    handler: {
      maxPayloadLength: maxBytes,
      // The hub writes nothing more to a full socket and counts what waits; a limit here would drop messages.
      backpressureLimit: 0,
      // Bun's timeout is one time for both waits, four seconds at least; `PingScheduler` has two.
      idleTimeout: 0,
      sendPings: false,
      perMessageDeflate: false,
      open: (ws) => ws.data.open(ws, pings),
      message: (ws, message) => ws.data.receive(message),
      ping: (ws) => ws.data.pinged(),
      pong: (ws) => ws.data.heardFromPeer(),
      drain: (ws) => ws.data.drained(),
      close: (ws) => ws.data.ended(),
    },
    stop,
  };
}

/**
 * Upgrades a request to a WebSocket, and calls `open` before it returns.
 *
 * @param protocol the subprotocol to choose; Bun would choose the first that the client names
 * @returns false, with no effect, if the request is not a valid upgrade
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

/** The wire and Bun's data of a WebSocket in one object: connections stay open for hours, so each object counts. */
class SocketWire implements Wire, Pingable {
  readonly #listener: SocketListener;
  #socket: ServerWebSocket<SocketWire> | undefined;
  #pings: PingScheduler | undefined;
  #blocked = false;

  constructor(listener: SocketListener) {
    this.#listener = listener;
  }

  open(socket: ServerWebSocket<SocketWire>, pings: PingScheduler): void {
    this.#socket = socket;
    this.#pings = pings;
    pings.heardFrom(this, performance.now());
    this.#listener.open(this);
  }

  receive(message: string | Uint8Array): void {
    this.heardFromPeer();
    this.#listener.message(typeof message === "string" ? message : undefined);
  }

  pinged(): void {
    this.heardFromPeer();
    this.#listener.pinged();
  }

  heardFromPeer(): void {
    if (this.#socket) this.#pings?.heardFrom(this, performance.now());
  }

  drained(): void {
    // Bun calls this for each piece that the kernel takes.
    if (!this.#blocked || this.#socket?.getBufferedAmount() !== 0) return;
    this.#blocked = false;
    this.#listener.drained();
  }

  get isClosed(): boolean {
    return this.#socket === undefined;
  }

  send({ texts }: FrameBatch): "sent" | "blocked" | "closed" {
    const socket = this.#socket;
    if (!socket) return "closed";
    // A cork makes one write of them all.
    const result = texts.length === 1 ? socket.sendText(texts[0]!) : socket.cork(() => sendAll(socket, texts));
    if (result === 0) return "closed";
    // The cork's own write may have filled the socket.
    if (result < 0 || (texts.length > 1 && socket.getBufferedAmount() > 0)) this.#blocked = true;
    return this.#blocked ? "blocked" : "sent";
  }

  close(reason: CloseReason): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#release();
    // A peer that does not read gets no close frame, and an orderly close would wait for it.
    if (reason === "slow" || reason === "dead") socket.terminate();
    else socket.close(CLOSE_CODES[reason], reason);
    this.#listener.closed(reason);
  }

  ping(): void {
    // A ping would only wait in the full socket; the hub ends one that stays full.
    if (this.#blocked) this.heardFromPeer();
    else this.#socket?.ping();
  }

  /** The close code says why, in case the peer is there after all. */
  expire(): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#release();
    socket.close(CLOSE_CODES.stale, "no pong");
    this.#listener.closed("dead");
  }

  ended(): void {
    if (!this.#socket) return;
    this.#release();
    this.#listener.closed("client");
  }

  #release(): void {
    this.#pings?.remove(this);
    this.#socket = undefined;
  }
}

/** @returns Bun's worst result: 0 if the connection is gone, below 0 if the socket is full */
function sendAll(socket: ServerWebSocket<SocketWire>, texts: readonly string[]): number {
  let worst = 1;
  for (const text of texts) {
    const result = socket.sendText(text);
    if (result === 0) return 0;
    if (result < 0) worst = result;
  }
  return worst;
}
