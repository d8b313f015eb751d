import { isIP, isIPv6 } from "node:net";

/** An address in PocketBase's notation: IPv6 as eight groups of four digits, and IPv4-mapped IPv6 as IPv4. */
export function clientIp(address: string | undefined): string {
  if (address === undefined || !address.includes(":") || !isIPv6(address)) return address ?? "";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = address.replace(/%.*$/, "").toLowerCase().split("::");
  const groups = head === "" ? [] : head.split(":");
  const last = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? [] : Array<string>(8 - groups.length - last.length).fill("0");
  return [...groups, ...zeros, ...last].map((group) => group.padStart(4, "0")).join(":");
}

/** How a trusted proxy sends the client's address. */
export interface TrustedProxy {
  /** The headers that may have it, the first that does counts. */
  readonly headers: readonly string[];
  /** Take the first address in the header, not the last. The client may have made it up. */
  readonly useLeftmostIP: boolean;
}

/**
 * The client's address as a proxy reports it, by PocketBase's rule: the last address in the first of these headers that
 * has one. The proxy appends the address that it sees; what comes before it may be made up.
 *
 * @returns `undefined` if no header has an address
 */
export function forwardedIp(headers: Headers, { headers: names, useLeftmostIP }: TrustedProxy): string | undefined {
  for (const name of names) {
    // A setting may hold any text, and asking for a header that can't exist is an error.
    if (!HEADER_NAME.test(name)) continue;
    const addresses =
      headers
        .get(name)
        ?.split(",")
        .map((part) => part.trim()) ?? [];
    const isAddress = (text: string): boolean => isIP(text) !== 0;
    const address = useLeftmostIP ? addresses.find(isAddress) : addresses.findLast(isAddress);
    if (address !== undefined) return clientIp(address);
  }
  return undefined;
}

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
