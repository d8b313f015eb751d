import { crc32 } from "node:zlib";

/**
 * The CRC-32 (IEEE) of the text's UTF-8 bytes in decimal, from which PocketBase derives ids of fields and collections.
 */
export const crc32Text = (text: string): string => String(crc32(text));
