import { randomInt } from "node:crypto";

export const LOWER_ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyz0123456789";
export const ALPHANUMERIC = `ABCDEFGHIJKLMNOPQRSTUVWXYZ${LOWER_ALPHANUMERIC}`;

/** Cryptographically random characters of the alphabet, by default `A-Za-z0-9`. */
export function randomText(length: number, alphabet = ALPHANUMERIC): string {
  let text = "";
  for (let i = 0; i < length; i++) text += alphabet[randomInt(alphabet.length)];
  return text;
}

/** An id in the default format: 15 characters `a-z0-9`. */
export const randomId = (): string => randomText(15, LOWER_ALPHANUMERIC);
