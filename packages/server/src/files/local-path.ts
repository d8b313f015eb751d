import { resolve, sep } from "node:path";
import { SIDECAR_SUFFIX } from "./attributes-sidecar.ts";

/**
 * The path of a key's file, named as in Go Cloud's fileblob: control characters, and slashes after `..`, after another
 * slash or at the end, are escaped (`__0x2f__`).
 *
 * @returns `undefined` for a key that leads outside the root, to the root itself or to a side-car
 */
export function localPath(root: string, key: string): string | undefined {
  if (key.endsWith(SIDECAR_SUFFIX)) return undefined;
  const path = resolve(root, escape(key));
  return path.startsWith(root + sep) ? path : undefined;
}

/** The key of a path below the root. */
export const keyOfPath = (root: string, path: string): string =>
  path
    .slice(root.length + 1)
    .replaceAll(sep, "/")
    .replaceAll(/__0x([\da-f]{1,6})__/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

// oxlint-disable-next-line no-control-regex -- control characters are not allowed in file names
const UNSAFE = /[\u0000-\u001f]|(?<=\.\.)\/|(?<=\/)\/|\/$/g;

const escape = (key: string): string => key.replace(UNSAFE, (char) => `__0x${char.charCodeAt(0).toString(16)}__`);
