import { edenGC } from "bun:jsc";

/** Connections opened between two collections: about three milliseconds for what 128 of them leave behind. */
const EVERY = 128;

let opened = 0;

/**
 * Call it for each connection that opens. Setting one up makes some kilobytes that die at once and little that stays;
 * left to itself the collector comes after many megabytes of that, by which time what stays lies scattered over pages
 * that are never given back: with some thousand connections that is most of what each of them takes.
 */
export function noteOpened(): void {
  opened += 1;
  if (opened % EVERY === 0) edenGC();
}
