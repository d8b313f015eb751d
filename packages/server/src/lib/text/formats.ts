import { isIP } from "node:net";
import { countCharacters } from "./coerce.ts";
import { matchesPattern } from "./re2.ts";

/**
 * Text formats as PocketBase checks them. The patterns are those of the Go libraries `govalidator` and
 * `ozzo-validation`. RE2 matches them in linear time, unlike JavaScript's engine.
 */

const WIDE = String.raw`\x{00A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}`;
const ATOM = "[a-zA-Z0-9!#$%&'*+\\-/=?^_`{|}~" + WIDE + "]+";
const FOLD = String.raw`(([\x20\x09]*\x0d\x0a)?[\x20\x09]+)?`;
const QUOTED = String.raw`\x22${FOLD}([\x01-\x08\x0b\x0c\x0e-\x1f\x7f\x21\x23-\x5b\x5d-\x7e${WIDE}]|\([\x01-\x09\x0b\x0c\x0d-\x7f${WIDE}])${FOLD}\x22`;
const LABEL = `[a-zA-Z0-9${WIDE}]([a-zA-Z0-9\\-._~${WIDE}]*[a-zA-Z0-9${WIDE}])?`;
const TOP = `[a-zA-Z${WIDE}]([a-zA-Z0-9\\-_~${WIDE}]*[a-zA-Z${WIDE}])?`;
const EMAIL = `^(${ATOM}(\\.${ATOM})*|${QUOTED})@(${LABEL}\\.)+${TOP}\\.?$`;

/** Characters. Mail servers accept 254; the pattern takes half a second for a megabyte. */
const MAX_EMAIL = 1_000;

export const isEmail = (text: string): boolean => text.length <= MAX_EMAIL && matchesPattern(EMAIL, text);

const DOMAIN = String.raw`^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+(?:[a-zA-Z]{1,63}| xn--[a-z0-9]{1,59})$`;

export const isDomain = (text: string): boolean => text.length <= 255 && matchesPattern(DOMAIN, text);

const LETTER = String.raw`a-zA-Z\x{00a1}-\x{ffff}`;
const ALNUM = `${LETTER}0-9`;
const HEX = "[0-9a-fA-F]{1,4}";
const OCTET = "(25[0-5]|(2[0-4]|1?[0-9])?[0-9])";
const IPV4 = String.raw`([1-9]\d?|1\d\d|2[01]\d|22[0-3]|24\d|25[0-5])(\.(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])){2}\.([0-9]\d?|1\d\d|2[0-4]\d|25[0-5])`;
const IPV6 = [
  `(${HEX}:){7}${HEX}`,
  `(${HEX}:){1,7}:`,
  ...[1, 2, 3, 4, 5].map((groups) => `(${HEX}:){1,${7 - groups}}(:${HEX}){1,${groups}}`),
  `${HEX}:(:${HEX}){1,6}`,
  `:((:${HEX}){1,7}|:)`,
  "fe80:(:[0-9a-fA-F]{0,4}){0,4}%[0-9a-zA-Z]+",
  String.raw`::(ffff(:0{1,4})?:)?(${OCTET}\.){3}${OCTET}`,
  String.raw`(${HEX}:){1,4}:(${OCTET}\.){3}${OCTET}`,
].join("|");
const SUBDOMAIN = String.raw`((www\.)|([${ALNUM}]+([-_.]?[${ALNUM}])*[${ALNUM}]\.[${ALNUM}]+))?`;
const HOST = String.raw`(([${ALNUM}]([${ALNUM}\-_]+)?[${ALNUM}]([-.][${ALNUM}]+)*)|${SUBDOMAIN})?([${ALNUM}]+-?-?)*[${ALNUM}]+(\.[${LETTER}]+)?`;
const URL_PATTERN = String.raw`^((ftp|tcp|udp|wss?|https?)://)?(\S+(:\S*)?@)?(${IPV4}|\[(${IPV6})\]|${HOST})\.?(:\d{1,5})?([/?#]\S*)?$`;

/** Whether the text is a URL, with or without a scheme. */
export function isUrl(text: string): boolean {
  if (countCharacters(text) >= 2083 || new TextEncoder().encode(text).length <= 3 || text.startsWith(".")) return false;
  if (!isParsable(text)) return false;
  const host = urlHost(text);
  if (host.startsWith(".")) return false;
  if (host === "" && !text.includes(":") && !/^[?#]/.test(text) && !pathOf(text).includes(".")) return false;
  return matchesPattern(URL_PATTERN, text);
}

/** The host of a URL with its port; "" if it has no scheme. */
export function urlHost(text: string): string {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text)?.[1] ?? "";
  return authority.slice(authority.lastIndexOf("@") + 1);
}

const pathOf = (text: string): string => /^[^?#]*/.exec(text)![0];

/**
 * Whether Go's `url.Parse` accepts the text: it refuses control characters, and invalid percent escapes outside the
 * query.
 */
const isParsable = (text: string): boolean =>
  // oxlint-disable-next-line no-control-regex -- control characters are what it refuses
  !/[\x00-\x1f\x7f]/.test(text) && !/%(?![0-9a-f]{2})/i.test(text.replace(/\?[^#]*/, ""));

const DNS_NAME = String.raw`^([a-zA-Z0-9_]{1}[a-zA-Z0-9_-]{0,62}){1}(\.[a-zA-Z0-9_]{1}[a-zA-Z0-9_-]{0,62})*[\._]?$`;

/** Whether the text is an IP address or a DNS name. */
export const isHost = (text: string): boolean =>
  isIP(text) !== 0 || (text.replaceAll(".", "").length <= 255 && matchesPattern(DNS_NAME, text));
