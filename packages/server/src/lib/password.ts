/** bcrypt's limit. Bun pre-hashes longer passwords, which other servers don't understand. */
const MAX_BYTES = 72;

export const isHashable = (plain: string): boolean => Buffer.byteLength(plain) <= MAX_BYTES;

/**
 * Hashes with bcrypt, with PocketBase's prefix (`$2a$`).
 *
 * @param cost 4 to 31; each step doubles the time
 * @returns `undefined` for more than 72 bytes; "" for "", which means no password
 */
export async function hashPassword(plain: string, cost: number): Promise<string | undefined> {
  if (!isHashable(plain)) return undefined;
  const bytes = new TextEncoder().encode(plain);
  if (bytes.length === 0) return "";
  const hash = await Bun.password.hash(bytes, { algorithm: "bcrypt", cost });
  // Both prefixes mean the same algorithm.
  return hash.replace(/^\$2b\$/, "$2a$");
}

/**
 * Compares the first 72 bytes, as Go's bcrypt does. An empty password, an empty hash and a foreign hash never match.
 */
export async function verifyPassword(plain: string, hash: string): Promise<boolean> {
  if (plain === "" || !/^\$2[abxy]?\$\d\d\$/.test(hash)) return false;
  try {
    return await Bun.password.verify(new TextEncoder().encode(plain).subarray(0, MAX_BYTES), hash, "bcrypt");
  } catch {
    return false;
  }
}
