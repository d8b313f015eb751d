import { BlockList, isIP, isIPv6 } from "node:net";

/** Is it an IP address, or a subnet such as `10.0.0.0/8`? */
export function isAddressOrSubnet(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  if (isIP(address) === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  return !address.includes("%") && /^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32);
}

const lists = new WeakMap<readonly string[], BlockList>();

/** Is the address one of these, or in one of these subnets? */
export function isListed(list: readonly string[], address: string): boolean {
  let known = lists.get(list);
  if (!known) lists.set(list, (known = listOf(list)));
  return isIP(address) !== 0 && known.check(address, familyOf(address));
}

function listOf(list: readonly string[]): BlockList {
  const known = new BlockList();
  for (const text of list) {
    if (!isAddressOrSubnet(text)) continue;
    const [address = "", bits] = text.replace(/%.*$/, "").split("/");
    if (bits === undefined) known.addAddress(address, familyOf(address));
    else known.addSubnet(address, Number(bits), familyOf(address));
  }
  return known;
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIPv6(address) ? "ipv6" : "ipv4");
