/** Opcodes (RFC 6455, section 5.2). */
export const OP = { continuation: 0, text: 1, bytes: 2, close: 8, ping: 9, pong: 10 } as const;

export interface SocketFrame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly payload: Buffer;
}

export interface FrameOptions {
  readonly isLast?: boolean;
  readonly isMasked?: boolean;
  /** The three reserved bits, as a number from 0 to 7. */
  readonly reserved?: number;
  /** A false payload length to declare. */
  readonly claimed?: bigint;
}

/** Encodes a client's frame, valid or not. */
export function encodeFrame(opcode: number, payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { isLast = true, isMasked = true, reserved = 0, claimed } = options;
  const data = Buffer.from(payload);
  const mask = isMasked ? crypto.getRandomValues(Buffer.alloc(4)) : Buffer.alloc(0);
  const masked = isMasked ? data.map((byte, i) => byte ^ mask[i % 4]!) : data;
  const head = Buffer.from([(isLast ? 0x80 : 0) | (reserved << 4) | opcode]);
  return Buffer.concat([head, lengthOf(claimed ?? BigInt(data.length), isMasked), mask, masked]);
}

function lengthOf(length: bigint, isMasked: boolean): Buffer {
  const bit = isMasked ? 0x80 : 0;
  if (length < 126n) return Buffer.from([bit | Number(length)]);
  const bytes = Buffer.alloc(length < 65_536n ? 3 : 9);
  bytes[0] = bit | (bytes.length === 3 ? 126 : 127);
  if (bytes.length === 3) bytes.writeUInt16BE(Number(length), 1);
  else bytes.writeBigUInt64BE(length, 1);
  return bytes;
}

/** The payload of a close frame: empty, or a code and a reason. */
export function closePayload(code?: number, reason = ""): Buffer {
  if (code === undefined) return Buffer.alloc(0);
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
}

/** Splits a server's bytes into frames, and keeps an incomplete frame until more bytes arrive. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** @throws Error for a masked frame, which servers may not send */
  feed(bytes: Uint8Array, onFrame: (frame: SocketFrame) => void): void {
    // A copy, because the socket reuses its buffer.
    let rest = Buffer.concat([this.#rest, bytes]);
    for (let next = takeFrame(rest); next; next = takeFrame(rest)) {
      rest = rest.subarray(next.length);
      onFrame(next.frame);
    }
    this.#rest = rest;
  }
}

function takeFrame(bytes: Buffer): { readonly frame: SocketFrame; readonly length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const start = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const size = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
  if ((bytes[1]! & 0x80) !== 0) throw new Error("the server sent a masked frame");
  if (bytes.length < start + size) return undefined;
  const frame = {
    opcode: bytes[0]! & 0x0f,
    isLast: (bytes[0]! & 0x80) !== 0,
    payload: bytes.subarray(start, start + size),
  };
  return { frame, length: start + size };
}
