import { parseArgs } from "node:util";
import { TRANSPORTS, type TransportKind } from "./transports.ts";

export interface Options {
  readonly only: string | undefined;
  readonly seed: number;
  readonly seeds: number;
  readonly lanes: number;
  readonly transport: TransportKind;
  readonly short: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

export const USAGE = `Usage: npm run stress [-- options]

Real servers, clients that come and go, kills in between; then what each client got is compared with the log.

  --only NAME   scenarios whose name holds this text
  --seed S      the first seed (from the clock)
  --seeds N     so many seeds for the scenarios in which chance decides (20; 2 in the short form)
  --lanes N     scenarios played at the same time (3)
  --transport T sse, websocket, or mixed: every other client on a WebSocket (mixed)
  --short       the short form: fewer and smaller scenarios, under half a minute
  --list        says what there is, and plays nothing
  --help        this text`;

/** @throws Error for what can't be read */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      seed: { type: "string" },
      seeds: { type: "string" },
      lanes: { type: "string" },
      transport: { type: "string" },
      short: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { only, short, list, help } = values;
  const number = (name: "seed" | "seeds" | "lanes", fallback: number): number => {
    const text = values[name] ?? String(fallback);
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} must be a whole number from 1, not "${text}"`);
    return Number(text);
  };
  const transport = TRANSPORTS.find((kind) => kind === (values.transport ?? "mixed"));
  if (!transport) throw new Error(`--transport must be one of ${TRANSPORTS.join(", ")}`);
  const seed = number("seed", 1 + (Date.now() % 1_000_000));
  return {
    only,
    seed,
    seeds: number("seeds", short ? 2 : 20),
    lanes: number("lanes", 3),
    transport,
    short,
    list,
    help,
  };
}
