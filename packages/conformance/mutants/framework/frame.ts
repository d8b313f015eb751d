import type { Random } from "./random.ts";

/** One block of a stream: an event, or a comment. */
export interface Frame {
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  readonly data?: string | undefined;
  readonly retry?: number | undefined;
  readonly comment?: string | undefined;
  /** Sent as it is, in place of the rest. */
  readonly raw?: string | Uint8Array | undefined;
}

/** How a right server may write its frames. */
export interface Style {
  readonly lineEnd: string;
  readonly space: string;
  /** What decides everything else; without it, frames are written as most servers write them. */
  readonly random?: Random;
  /** Cuts everything into pieces of up to so many bytes. */
  readonly pieces?: number;
  /** Up to so long before a frame. */
  readonly delayMs?: number;
}

export const PLAIN: Style = { lineEnd: "\n", space: " " };

/** A style that the standard allows and that few servers have. */
export function oddStyle(random: Random, delayMs: number): Style {
  return {
    random,
    lineEnd: random.pick(["\n", "\r\n", "\r"]),
    space: random.pick(["", " "]),
    ...(random.chance(0.5) && { pieces: random.pick([1, 2, 7, 64]) }),
    ...(random.chance(0.5) && { delayMs }),
  };
}

/** The bytes of a frame in this style. */
export function encode(frame: Frame, style: Style = PLAIN): Uint8Array {
  const { raw } = frame;
  if (raw !== undefined) return typeof raw === "string" ? new TextEncoder().encode(raw) : raw;
  const { random, lineEnd, space } = style;
  const field = (name: string, value: string): string => `${name}:${space}${value}`;
  const blocks: string[][] = [];
  if (frame.id !== undefined) blocks.push([field("id", frame.id)]);
  if (frame.event !== undefined) blocks.push([field("event", frame.event)]);
  if (frame.retry !== undefined) blocks.push([field("retry", String(frame.retry))]);
  if (frame.data !== undefined) blocks.push(dataLines(frame.data, random).map((line) => field("data", line)));
  if (frame.comment !== undefined) blocks.push([`:${frame.comment}`]);
  if (random?.chance(0.2)) blocks.push([": a comment", ":"]);
  const lines = (random ? random.shuffle(blocks) : blocks).flat();
  const extra = random?.chance(0.1) ? `${lineEnd}: between${lineEnd}` : "";
  return new TextEncoder().encode(lines.map((line) => line + lineEnd).join("") + lineEnd + extra);
}

/** JSON may have line breaks between its values, which become data lines of their own. */
function dataLines(data: string, random: Random | undefined): string[] {
  if (!random?.chance(0.3) || !/^[[{]/.test(data)) return data.split("\n");
  return JSON.stringify(JSON.parse(data), undefined, 1).split("\n");
}
