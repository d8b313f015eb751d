import { resolve, sep } from "node:path";
import { ATTRS } from "./attributes-sidecar.ts";

/**
 * Where a key's file stands, as Go Cloud's fileblob names it: control characters, and slashes that would climb or
 * vanish, are written as `__0x2f__`.
 *
 * @returns `undefined` for a key that would leave the root, or name the root itself or a side-car
 */
export function localPath(root: string, key: string): string | undefined {
  if (key.endsWith(ATTRS)) return undefined;
  const path = resolve(root, escape(key));
  return path.startsWith(root + sep) ? path : undefined;
}

// oxlint-disable-next-line no-control-regex -- these are what must not stand in a file's name
const UNSAFE = /[\u0000-\u001f]|(?<=\.\.)\/|(?<=\/)\/|\/$/g;

const escape = (key: string): string => key.replace(UNSAFE, (char) => `__0x${char.charCodeAt(0).toString(16)}__`);
