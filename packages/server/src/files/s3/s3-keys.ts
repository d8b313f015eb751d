/** Control characters, and a slash after `..`, are escaped as in PocketBase: S3 servers don't take them. */
// oxlint-disable-next-line no-control-regex -- these are the characters
const UNSAFE = /[\u0000-\u001f]|(?<=\.\.)\//g;

/** A key as the bucket has it. */
export const escapeKey = (key: string): string =>
  key.replace(UNSAFE, (char) => `__0x${char.charCodeAt(0).toString(16)}__`);

export const unescapeKey = (key: string): string =>
  key.replaceAll(/__0x([\da-f]{1,6})__/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** Whether a key names an object: its URL would lead elsewhere with empty segments and dots. */
export const isObjectKey = (key: string): boolean =>
  escapeKey(key)
    .split("/")
    .every((segment) => segment !== "" && segment !== "." && segment !== "..");

/** A key, or another text, in the path of a URL. */
export const encodePath = (text: string): string => text.split("/").map(encodeSegment).join("/");

/** All but letters, digits and `-._~`, as S3 signs it. */
const encodeSegment = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
