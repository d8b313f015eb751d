import { type Cipheriv, createCipheriv, createDecipheriv, type Decipheriv, randomFillSync } from "node:crypto";
import { cursorPrefix, type CursorScope, cursorScope } from "@headwater/protocol";
import { ALPHANUMERIC, randomText } from "../lib/random.ts";
import type { Lineage, Mark } from "./lineage.ts";

/** A place in the log: everything up to and including `seq`, but of `seq` itself only a part if there is one. */
export interface Position {
  readonly seq: number;
  readonly part?: ChangePart | undefined;
}

/** The events of a change that were sent before the connection was cut. Both numbers are made of their subscriptions' names. */
export interface ChangePart {
  /** Less than 2^24. */
  readonly upTo: number;
  /** Less than 2^16. */
  readonly sum: number;
}

/** Why a cursor has no place in this log: it is of another one or of a lost part of this one, or it names no place. */
export interface LostCursor {
  readonly lost: "epoch" | "unknown";
}

export type Cursor = Position | LostCursor;

type Scope = Exclude<CursorScope, "part">;

const SIZE = 16;
const KIND = { position: 0, part: 1, client: 2, task: 3 } as const;
const MARK_AT = 1;
const SEQ_AT = 5;
const EXTRA_AT = 11;
const RANDOM_SIZE = 1_000 * (SIZE - EXTRA_AT);
/** Characters of a client id that hold its cursor; the rest is random. */
const SEALED_DIGITS = 22;
const CLIENT_ID = /^[A-Za-z0-9]{40}$/;
/** Older servers issued `<epoch>.<number>`. */
const MAX_LENGTH = 64;
const SEALED = /^[a-z]\.([A-Za-z0-9_-]{22})$/;

/**
 * Issues and reads cursors. A cursor is one block of AES over a mark, a seq and padding: nobody without the key can read
 * or make one, and a block that was not made here names no mark of this log (docs/decisions/0018).
 *
 * The id of an event is the same on every connection: it names the mark of the server start that wrote the change. All
 * other cursors name the running server's and have random padding: two of one position differ, so that a client can't see
 * whether anything was written in between.
 */
export class Cursors {
  readonly #marks: readonly Mark[];
  readonly #encrypt: Cipheriv;
  readonly #decrypt: Decipheriv;
  readonly #block = Buffer.alloc(SIZE);
  /** Random bytes for the padding: to get a few at a time takes longer than all the rest. */
  readonly #random = Buffer.alloc(RANDOM_SIZE);
  #randomAt = RANDOM_SIZE;

  constructor({ key, marks }: Lineage) {
    this.#marks = marks;
    this.#encrypt = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
    this.#decrypt = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  }

  /** The cursor of a position, for a list, a heartbeat or a `resync`. */
  format(seq: number, scope: Scope = "all"): string {
    return cursorPrefix(scope) + this.#sealPosition(KIND.position, seq).toString("base64url");
  }

  /** The id of the event of a change. */
  eventId(seq: number, scope: Scope = "all"): string {
    return (
      cursorPrefix(scope) +
      this.#sealEvent(KIND.position, seq, (block) => block.fill(0, EXTRA_AT)).toString("base64url")
    );
  }

  /** A cursor between two events of one change. */
  formatPart(seq: number, part: ChangePart): string {
    const block = this.#sealEvent(KIND.part, seq, (bytes) => {
      bytes.writeUIntBE(part.upTo, EXTRA_AT, 3);
      bytes.writeUInt16BE(part.sum, EXTRA_AT + 3);
    });
    return cursorPrefix("part") + block.toString("base64url");
  }

  /** An id for a connection that names the place where its client was when it connected. */
  clientId(seq: number): string {
    let value = BigInt(`0x${this.#sealPosition(KIND.client, seq).toString("hex")}`);
    let sealed = "";
    for (let i = 0; i < SEALED_DIGITS; i += 1, value /= 62n) sealed += ALPHANUMERIC[Number(value % 62n)];
    return sealed + randomText(40 - SEALED_DIGITS);
  }

  /**
   * The id of a task's event.
   *
   * @param event its number in the task
   * @param seq of its change: if the log is later replaced by an older copy, the task may have other events
   */
  taskEventId(event: number, seq: number): string {
    const block = this.#sealEvent(KIND.task, seq, (bytes) => bytes.writeUIntBE(event, EXTRA_AT, 5));
    return cursorPrefix("all") + block.toString("base64url");
  }

  /** @returns `undefined` if the text is not a cursor, of this server or of any other */
  read(text: string): Cursor | undefined {
    const block = blockOf(text);
    if (!block) return block;
    return toCursor(this.#open(block, KIND.position) ?? this.#open(block, KIND.part));
  }

  /** Is this a cursor of the log as it is, or of a part of it that was lost when the database was replaced by a copy? */
  standingOf(text: string): "current" | "lost" | "other" {
    const block = blockOf(text);
    const opened = block && this.#open(block, KIND.position);
    if (!opened) return "other";
    return "lost" in opened ? "lost" : "current";
  }

  /** Reads the id of a task's event. @returns its number, or like `read` */
  readTaskEventId(text: string): { readonly event: number } | LostCursor | undefined {
    const block = blockOf(text);
    if (!block) return block;
    const opened = this.#open(block, KIND.task) ?? OTHER_LOG;
    return "lost" in opened ? opened : { event: opened.extra.readUIntBE(0, 5) };
  }

  /** Reads the place from the id of an earlier connection. */
  readClientId(text: string): Cursor {
    if (!CLIENT_ID.test(text)) return NO_PLACE;
    let value = 0n;
    for (let i = SEALED_DIGITS - 1; i >= 0; i -= 1) value = value * 62n + BigInt(ALPHANUMERIC.indexOf(text[i]!));
    const hex = value.toString(16).padStart(SIZE * 2, "0");
    if (hex.length > SIZE * 2) return NO_PLACE;
    const opened = this.#open(Buffer.from(hex, "hex"), KIND.client) ?? NO_PLACE;
    return "lost" in opened ? opened : { seq: opened.seq };
  }

  #sealPosition(kind: number, seq: number): Buffer {
    return this.#seal(kind, this.#marks.at(-1)!, seq, (block) => this.#fillRandom(block));
  }

  #fillRandom(block: Buffer): void {
    if (this.#randomAt === RANDOM_SIZE) {
      randomFillSync(this.#random);
      this.#randomAt = 0;
    }
    this.#random.copy(block, EXTRA_AT, this.#randomAt, (this.#randomAt += SIZE - EXTRA_AT));
  }

  #sealEvent(kind: number, seq: number, writeExtra: (block: Buffer) => unknown): Buffer {
    const writtenUnder = this.#marks.findLast((each) => each.seq < seq) ?? this.#marks[0]!;
    return this.#seal(kind, writtenUnder, seq, writeExtra);
  }

  #seal(kind: number, { mark }: Mark, seq: number, writeExtra: (block: Buffer) => unknown): Buffer {
    const block = this.#block;
    block[0] = kind;
    block.writeUInt32BE(mark, MARK_AT);
    block.writeUIntBE(seq, SEQ_AT, 6);
    writeExtra(block);
    return this.#encrypt.update(block);
  }

  /** @returns `undefined` if the block is of another kind, which it also is if it was not made here */
  #open(sealed: Buffer, kind: number): Opened | LostCursor | undefined {
    if (sealed.length !== SIZE) return undefined;
    const block = this.#decrypt.update(sealed);
    if (block[0] !== kind) return undefined;
    const seq = block.readUIntBE(SEQ_AT, 6);
    const mark = block.readUInt32BE(MARK_AT);
    const at = this.#marks.findLastIndex((each) => each.mark === mark);
    const next = this.#marks[at + 1];
    // A later start from an earlier place: the database was replaced by a copy.
    if (at < 0 || (next && seq > next.seq)) return OTHER_LOG;
    return { seq, kind, extra: block.subarray(EXTRA_AT) };
  }
}

/** A block that this log issued. */
interface Opened {
  readonly seq: number;
  readonly kind: number;
  readonly extra: Buffer;
}

function toCursor(opened: Opened | LostCursor = OTHER_LOG): Cursor {
  if ("lost" in opened) return opened;
  const { seq, kind, extra } = opened;
  if (kind === KIND.position) return { seq };
  return { seq, part: { upTo: extra.readUIntBE(0, 3), sum: extra.readUInt16BE(3) } };
}

/** @returns an empty block for a cursor of another kind of server, `undefined` for what is not a cursor */
function blockOf(text: string): Buffer | undefined {
  if (text.length > MAX_LENGTH || cursorScope(text) === undefined) return undefined;
  return Buffer.from(SEALED.exec(text)?.[1] ?? "", "base64url");
}

const OTHER_LOG: LostCursor = { lost: "epoch" };
const NO_PLACE: LostCursor = { lost: "unknown" };
