/**
 * Loads before the server, in the server's process, and gives it an adjustable clock. `clock.json`, beside the data
 * folder, sets the offset of the time and the speed of intervals. It is read at startup and on each SIGUSR2.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClockSetting } from "./clock.ts";

const file = join(process.argv[process.argv.indexOf("--dir") + 1]!, "..", "clock.json");
const RealDate = Date;
const realSetInterval = setInterval;
let clock: ClockSetting;

function read(): void {
  clock = JSON.parse(readFileSync(file, "utf8")) as ClockSetting;
  writeFileSync(`${file}.applied`, JSON.stringify(clock));
}

const now = (): number => RealDate.now() + clock.offset;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});

globalThis.setInterval = Object.assign(
  (handler: () => void, delay = 0): NodeJS.Timeout =>
    realSetInterval(handler, delay / (delay < 60_000 ? clock.seconds : clock.minutes)),
  realSetInterval,
) as typeof setInterval;

read();
process.on("SIGUSR2", read);
