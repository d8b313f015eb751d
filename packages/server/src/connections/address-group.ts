import { BlockList, isIPv4 } from "node:net";
import { LRUCache } from "lru-cache";

/** Loopback, private, link-local and shared addresses. */
const LOCAL = new BlockList();
for (const [network, prefix] of [
  ["127.0.0.0", 8],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
] as const) {
  LOCAL.addSubnet(network, prefix, "ipv4");
}
LOCAL.addAddress("::1", "ipv6");
LOCAL.addSubnet("fc00::", 7, "ipv6");
LOCAL.addSubnet("fe80::", 10, "ipv6");

/** Decides what the limits by address count together. */
export class AddressGroups {
  readonly #countsLocal: boolean;
  /** By address; "" for one without limits. */
  readonly #recent = new LRUCache<string, string>({ max: 1_000 });

  /** @param countsLocal whether a local address is a client's own; otherwise it may be a proxy's, with many clients */
  constructor(countsLocal: boolean) {
    this.#countsLocal = countsLocal;
  }

  /**
   * An IPv4 address, or the first half of an IPv6 address: every household has the other half to itself.
   *
   * @param address as `clientIp` writes it
   * @returns `undefined` for an address to which no limit applies
   */
  of(address: string): string | undefined {
    let group = this.#recent.get(address);
    if (group === undefined) this.#recent.set(address, (group = this.#find(address)));
    return group || undefined;
  }

  #find(address: string): string {
    if (address === "" || (!this.#countsLocal && isLocal(address))) return "";
    return isIPv4(address) ? address : address.split(":").slice(0, 4).join(":");
  }
}

const isLocal = (address: string): boolean => LOCAL.check(address, isIPv4(address) ? "ipv4" : "ipv6");
