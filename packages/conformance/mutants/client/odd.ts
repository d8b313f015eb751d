import type { ClientDriver } from "../../src/clients/driver.ts";
import type { Random } from "../framework/random.ts";
import { clientOf } from "./client.ts";
import { type Headers, type Parts, without } from "./parts.ts";

/** A client that follows the standard in ways that few others do. */
export function oddClient(random: Random): ClientDriver {
  const [reports, remembers, closes] = [random.chance(0.7), random.chance(0.7), random.chance(0.7)];
  const { reportsStates, closesAtOnce, memoryNoise, ...driver } = clientOf(() => oddParts(random));
  const delay = random.chance(0.5) ? random.pick([0, 1, 4]) : undefined;
  return {
    ...driver,
    ...(reports && reportsStates && { reportsStates }),
    ...(closes && closesAtOnce && { closesAtOnce }),
    ...(remembers && memoryNoise !== undefined && { memoryNoise }),
    open: delay === undefined ? driver.open : later(driver.open, delay),
  };
}

function oddParts(random: Random): Partial<Parts> {
  const [size, lag, extra] = [random.pick([0, 1, 2, 3, 7, 100]), random.pick([0, 0, 1, 3]), random.pick([0, 20, 150])];
  const [start, header] = [random.between(0, 300), oddHeaders(random)];
  return {
    bytes: (pieces) => pieces.flatMap((piece) => cut(piece, size)),
    lag: () => (lag > 0 ? random.between(0, lag) : 0),
    wait: (right) => Math.min(right, 2 ** 31 - 200) + random.between(0, extra),
    remembered: (right, { connection }) => (connection === 1 ? { ...right, retryMs: start } : right),
    headers: header,
    ...(random.chance(0.5) && promptAtCr()),
  };
}

/** Pieces of a few bytes; of a long chunk only the start is cut. */
function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const end = Math.min(bytes.length, size === 0 ? 0 : 400);
  const starts = Array.from({ length: Math.ceil(end / (size || 1)) }, (_, at) => at * size);
  const pieces = starts.map((at) => bytes.subarray(at, Math.min(at + size, end)));
  return [...pieces, bytes.subarray(end)].filter(({ length }) => length > 0);
}

function oddHeaders(random: Random): (right: Headers) => Headers {
  const accept = random.pick([
    undefined,
    "*/*",
    "text/*",
    "text/event-stream",
    "application/json;q=0.1, text/event-stream",
  ]);
  const control = random.pick(["no-store", "no-cache", "no-cache, no-store", "no-store, max-age=0"]);
  const name = random.pick(["last-event-id", "Last-Event-ID", "LAST-EVENT-ID"]);
  return ({ "last-event-id": id, ...headers }) => ({
    ...without(headers, "cache-control", "accept"),
    ...(accept !== undefined && { accept }),
    ...(id !== undefined && { [name]: id }),
    "cache-control": control,
    ...(random.chance(0.5) && { "accept-language": "en", "x-client": "odd" }),
  });
}

/** Ends a line at a CR without waiting for what follows it. */
function promptAtCr(): Partial<Parts> {
  let last = { connection: 0, isCr: false };
  return {
    lineEnd: () => /\r\n|\n|\r/,
    text(text, { connection }) {
      if (text === "") return text;
      const isSecondHalf = last.connection === connection && last.isCr && text.startsWith("\n");
      last = { connection, isCr: text.endsWith("\r") };
      return isSecondHalf ? text.slice(1) : text;
    },
  };
}

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Reports everything a little later, in order, and nothing after it is closed. */
const later =
  (open: ClientDriver["open"], delayMs: number): ClientDriver["open"] =>
  async (url, names, onEvent, onState) => {
    let isClosed = false;
    let turn: Promise<unknown> = Promise.resolve();
    let count = 0;
    const report = (run: () => void): void => {
      count += 1;
      // Not each time: a script has hundreds of events.
      const pause = delayMs > 0 && count % 16 === 1 ? sleep(delayMs) : undefined;
      turn = turn.then(() => pause).then(() => (isClosed ? undefined : run()));
    };
    const client = await open(
      url,
      names,
      (event) => report(() => onEvent(event)),
      (state) => report(() => onState(state)),
    );
    const { close, ...rest } = typeof client === "function" ? { close: client } : client;
    return {
      ...rest,
      close() {
        isClosed = true;
        return close();
      },
    };
  };
