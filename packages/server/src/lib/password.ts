/** bcrypt hashes no more than this; Bun would hash what is longer in a way that no other server understands. */
const MAX_BYTES = 72;

/**
 * Hashes with bcrypt, in the spelling of PocketBase (`$2a$`).
 *
 * @param cost 4 to 31; each step doubles the time
 * @returns `undefined` when the text has more than 72 bytes; "" for "", which is no password
 */
export async function hashPassword(plain: string, cost: number): Promise<string | undefined> {
  const bytes = new TextEncoder().encode(plain);
  if (bytes.length > MAX_BYTES) return undefined;
  if (bytes.length === 0) return "";
  const hash = await Bun.password.hash(bytes, { algorithm: "bcrypt", cost });
  // The two spellings mean the same algorithm.
  return hash.replace(/^\$2b\$/, "$2a$");
}

/** Compares the first 72 bytes, as Go's bcrypt does. Neither an empty text nor an empty or foreign hash is ever right. */
export async function verifyPassword(plain: string, hash: string): Promise<boolean> {
  if (plain === "" || !/^\$2[abxy]?\$\d\d\$/.test(hash)) return false;
  try {
    return await Bun.password.verify(new TextEncoder().encode(plain).subarray(0, MAX_BYTES), hash, "bcrypt");
  } catch {
    return false;
  }
}
