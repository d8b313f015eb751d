import { LRUCache } from "lru-cache";

/**
 * What the log shows of a URL. Passwords, tokens and personal data get into URLs under any name, encoding and nesting, so
 * it lists what may be shown, and masks the rest: the values of other parameters, and the values that filters compare with.
 */

/** Characters. */
const MAX_URL = 3_000;
const MASK = "***";
/** Longer words may be keys, and so may those that start as a JSON token does. */
const MAX_WORD = 40;

const COUNT = /^-?\d{1,9}$/;
const FIELDS = /^[\w.,:+()@* -]*$/;
/** What is shown of which parameters. */
const SHOWN: ReadonlyMap<string, RegExp> = new Map([
  ["page", COUNT],
  ["perPage", COUNT],
  ["thumb", /^\d{1,5}x\d{1,5}[tbf]?$/],
  ["sort", FIELDS],
  ["expand", FIELDS],
  ["fields", FIELDS],
  ["transitions", /^[a-z]+-[a-z]+$/],
]);
/** Flags, and numbers that are too short for a code. */
const HARMLESS = /^(?:true|false|null|-?\d{1,3})$/;

export function loggedUrl({ pathname, search }: URL): string {
  const path = maskPath(pathname.length > MAX_URL ? pathname.slice(0, MAX_URL) : pathname);
  if (search.length < 2) return cut(path, pathname.length);
  const parts = search.slice(1, MAX_URL + 1).split("&");
  return cut(`${path}?${parts.map(maskedParameter).join("&")}`, pathname.length + search.length);
}

const cut = (text: string, length: number): string =>
  length > MAX_URL || text.length > MAX_URL ? `${text.slice(0, MAX_URL)}...` : text;

/** A path may contain a token, or a whole URL with parameters. */
const maskPath = (path: string): string => (/=|%3D|eyJ/i.test(path) ? maskSecrets(path) : path);

const maskSecrets = (path: string): string =>
  path.replaceAll(/(=|%3D)[^/]*/gi, `$1${MASK}`).replaceAll(/eyJ[\w-]{8}[^/]*/g, MASK);

/** Most requests have parameters that others had before. */
const recent = new LRUCache<string, string>({ max: 1_000 });
const MAX_RECENT = 200;

function maskedParameter(parameter: string): string {
  let masked = recent.get(parameter);
  if (masked !== undefined) return masked;
  masked = maskParameter(parameter);
  if (parameter.length <= MAX_RECENT) recent.set(parameter, masked);
  return masked;
}

function maskParameter(parameter: string): string {
  const at = parameter.indexOf("=");
  const name = decode(at === -1 ? parameter : parameter.slice(0, at));
  const value = at === -1 ? "" : decode(parameter.slice(at + 1));
  // Something that isn't a name may be a secret without one.
  if (!/^[\w.@-]{0,40}$/.test(name)) return `${MASK}=${MASK}`;
  if (at === -1) return SHOWN.has(name) ? name : MASK;
  return `${name}=${encodeURIComponent(shownParameter(name, value))}`;
}

/** What is shown of a parameter's value, decoded. */
export function shownParameter(name: string, value: string): string {
  if (value === "" || HARMLESS.test(value)) return value;
  if (name === "filter") return maskFilter(value);
  return SHOWN.get(name)?.test(value) && !hasLongWord(value) ? value : MASK;
}

const hasLongWord = (text: string): boolean =>
  text.split(/\W/).some((word) => word.length > MAX_WORD || word.startsWith("eyJ"));

/** As a filter is read: quoted texts, operators, blanks and brackets, and anything between them. */
const FILTER_PART = /'[^'\\]*(?:\\[^][^'\\]*)*'?|"[^"\\]*(?:\\[^][^"\\]*)*"?|[=?!<>~]+|[&|(),\s]+|[^'"=?!<>~&|(),\s]+/g;

const SECRETS = /pass|pwd|token|secret|key|code|otp|auth(?!or)|credential/i;

/** Keeps what a filter compares, and masks with what. */
function maskFilter(filter: string): string {
  if (SECRETS.test(filter)) return MASK;
  let isAfterOperator = false;
  return filter.replaceAll(FILTER_PART, (part) => {
    if (/^[&|(),\s]/.test(part)) return part;
    if (/^[=?!<>~]/.test(part)) {
      isAfterOperator = true;
      return part;
    }
    const isShown = /^[@\w.:]{1,100}$/.test(part) && !hasLongWord(part) && !(isAfterOperator && isValue(part));
    isAfterOperator = false;
    return isShown ? part : MASK;
  });
}

/** Everything on the right but a macro such as `@now`. */
const isValue = (part: string): boolean => !HARMLESS.test(part) && !part.startsWith("@");

/** As a form is decoded. What can't be decoded is not shown. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return "%";
  }
}
