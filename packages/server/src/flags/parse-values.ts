/** Each returns `undefined` for a text that is not valid. */

export const oneOf =
  <Name extends string>(names: readonly Name[]) =>
  (text: string): Name | undefined =>
    names.find((name) => name === text);

/** `HOST:PORT`, with an IPv6 host in brackets. Without a host the server listens on all addresses, as in Go. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(\[[\da-f:.]+\]|[^\s:[\]/]*):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) return undefined;
  return { host: match[1]!.replace(/^\[|\]$/g, "") || "0.0.0.0", port };
}

export function parsePositive(text: string): number | undefined {
  const number = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  return number > 0 ? number : undefined;
}

export const parseCount = (text: string): number | undefined => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);

export function parsePercent(text: string): number | undefined {
  const percent = parseSeconds(text);
  return percent !== undefined && percent <= 100 ? percent : undefined;
}

export function parseSeconds(text: string): number | undefined {
  const seconds = /^\d{1,3}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= 600 ? seconds : undefined;
}

/** Names of headers, as RFC 9110 has them (section 5.1). */
export function parseHeaders(text: string): readonly string[] | undefined {
  const names = text === "" ? [] : text.split(",").map((name) => name.trim());
  return names.every((name) => /^[\w!#$%&'*+.^`|~-]+$/.test(name)) ? names : undefined;
}

export function parseOrigins(text: string): readonly string[] | undefined {
  const origins = text.split(",").map((origin) => origin.trim().replace(/\/$/, ""));
  return origins.every((origin) => origin !== "" && !/\s/.test(origin)) ? origins : undefined;
}
