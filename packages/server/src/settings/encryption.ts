import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const NONCE = 12;
const TAG = 16;

/** The sizes of AES keys in bytes, with their ciphers. */
const CIPHERS = new Map([
  [16, "aes-128-gcm"],
  [24, "aes-192-gcm"],
  [32, "aes-256-gcm"],
] as const);

/** Encrypts as PocketBase does: base64 of the nonce, the ciphertext and the tag. */
export function encrypt(text: string, key: string): string {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv(cipherOf(key), key, nonce);
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

/** @throws Error if the key is another one, or the text is damaged */
export function decrypt(encrypted: string, key: string): string {
  const bytes = Buffer.from(encrypted, "base64");
  const decipher = createDecipheriv(cipherOf(key), key, bytes.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAuthTag(bytes.subarray(-TAG));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()]).toString("utf8");
}

function cipherOf(key: string): "aes-128-gcm" | "aes-192-gcm" | "aes-256-gcm" {
  const cipher = CIPHERS.get(Buffer.byteLength(key) as 16 | 24 | 32);
  if (cipher === undefined) throw new RangeError("the key must have 32 bytes");
  return cipher;
}
